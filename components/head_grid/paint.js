// Draw a layout's shapes on a canvas, or write them as SVG. Colours of the page arrive in `theme`.

const THUMBNAIL_FRAME = 0.55; // opacity: 144 frames should not be louder than what they hold

function colourOf(theme, name) {
  return theme[name] ?? name;
}

function fontOf(theme, shape) {
  return `${shape.weight} ${shape.size}px ${theme.font}`;
}

function paintText(context, theme, shape) {
  context.font = fontOf(theme, shape);
  context.direction = "ltr";
  context.textAlign = shape.align;
  context.fillStyle = colourOf(theme, shape.colour);
  context.fillText(shape.text, shape.x, shape.y);
}

function paintFrame(context, theme, { x, y, width, height }) {
  context.strokeStyle = theme.frame;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

/**
 * Which cells each of `pixels` stands for, [first, end): one cell where there is room, else every cell that a dot
 * of `grain` pixels touches. A dot is a CSS pixel: on a fine screen a spike should not be finer, and so fainter.
 */
function spans(cells, pixels, grain) {
  const dots = Math.max(1, Math.min(cells, Math.floor(pixels / grain)));
  return Array.from({ length: pixels }, (_, i) => {
    const dot = Math.floor((i * dots) / pixels);
    return [Math.floor((dot * cells) / dots), Math.ceil(((dot + 1) * cells) / dots)];
  });
}

function pack([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0; // as ImageData lies in memory
}

/**
 * Paints thumbnails of one size. A pixel that stands for several cells gets the largest of them, so that a
 * single spike is seen at any size; masked cells are one plain tint.
 */
function thumbnailPainter(model, theme, width, height, grain = 1) {
  const [rows, columns] = [spans(model.shape[0], height, grain), spans(model.shape[1], width, grain)];
  const wide = model.shape[1];
  const picture = new ImageData(width, height);
  const colours = new Uint32Array(picture.data.buffer);
  const masked = pack(parseHex(theme.colours.mask_fill));
  const table = Uint32Array.from(theme.lut, pack);
  const single = [...rows, ...columns].every(([first, end]) => end - first === 1);

  const largest = (values, y, x) => {
    let found = 0;
    for (let row = rows[y][0]; row < rows[y][1]; row += 1) {
      for (let at = row * wide + columns[x][0], end = row * wide + columns[x][1]; at < end; at += 1) {
        if (values[at] > found) found = values[at];
      }
    }
    return found;
  };
  // The mask is the same for every head.
  const shown = new Uint8Array(width * height).fill(1);
  if (model.allowed) {
    for (let i = 0; i < shown.length; i += 1) shown[i] = largest(model.allowed, Math.floor(i / width), i % width);
  }
  return (head) => {
    const own = coloursOf(model, head);
    const lut = Uint32Array.from(own, (index) => table[index]);
    for (let y = 0, i = 0; y < height; y += 1) {
      const above = rows[y][0] * wide;
      for (let x = 0; x < width; x += 1, i += 1) {
        if (!shown[i]) colours[i] = masked;
        else colours[i] = lut[single ? head.levels[above + columns[x][0]] : largest(head.levels, y, x)];
      }
    }
    return picture;
  };
}

/** A veil of the page's colour and a cross over what is switched off. */
function paintCross(context, theme, { x, y, width, height }, veil) {
  context.globalAlpha = veil;
  context.fillStyle = theme.background;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  context.strokeStyle = theme.text;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + width, y + height);
  context.moveTo(x + width, y);
  context.lineTo(x, y + height);
  context.stroke();
}

/** Seen on every colour: a ring of the page's colour around one of `colour`, outside the thumbnail. */
function paintRing(context, theme, { x, y }, [width, height], colour, thick, gap = 0) {
  const away = gap + thick / 2;
  for (const [stroke, line] of [[theme.background, thick + 2], [colour, thick]]) {
    context.strokeStyle = stroke;
    context.lineWidth = line;
    context.strokeRect(x - away, y - away, width + 2 * away, height + 2 * away);
  }
}

/** The whole figure on its background, `scale` canvas pixels a CSS pixel, `margin` CSS pixels around it. */
function paintFigure(canvas, model, layout, theme, scale, margin = 0) {
  const width = Math.round((layout.width + 2 * margin) * scale);
  const height = Math.round((layout.height + 2 * margin) * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  const pixels = (length) => Math.round(length * scale);
  const thumbnail = thumbnailPainter(model, theme, pixels(layout.thumb[0]), pixels(layout.thumb[1]), scale);
  for (const shape of layout.shapes) {
    if (shape.kind !== "thumb") continue;
    context.putImageData(thumbnail(model.heads[shape.head]), pixels(shape.x + margin), pixels(shape.y + margin));
  }
  context.setTransform(scale, 0, 0, scale, margin * scale, margin * scale);
  for (const shape of layout.shapes) {
    if (shape.kind === "text") paintText(context, theme, shape);
    else if (shape.kind === "line") {
      context.strokeStyle = colourOf(theme, shape.colour);
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(shape.x1, shape.y1);
      context.lineTo(shape.x2, shape.y2);
      context.stroke();
    } else if (shape.kind === "thumb") {
      if (model.heads[shape.head].off) paintCross(context, theme, shape, model.style.sizes.off_veil);
      context.globalAlpha = THUMBNAIL_FRAME;
      paintFrame(context, theme, shape);
      context.globalAlpha = 1;
    } else {
      if (shape.kind === "crossed") paintCross(context, theme, shape, 0);
      else if (shape.kind === "mask") {
        context.fillStyle = theme.colours.mask_fill;
        context.fillRect(shape.x, shape.y, shape.width, shape.height);
      } else {
        const gradient = context.createLinearGradient(shape.x, 0, shape.x + shape.width, 0);
        theme.colours.ramp.forEach((colour, i, all) => gradient.addColorStop(i / (all.length - 1), colour));
        context.fillStyle = gradient;
        context.fillRect(shape.x, shape.y, shape.width, shape.height);
      }
      paintFrame(context, theme, shape);
    }
  }
}

/** The same figure as SVG text: one embedded picture a head at its own resolution, words as text. */
function writeSvg(model, layout, theme, chosen) {
  const space = "http://www.w3.org/2000/svg";
  const add = (parent, name, attributes, content) => {
    const node = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) {
      node.setAttribute(key, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
    }
    if (content !== undefined) node.textContent = content;
    parent?.appendChild(node);
    return node;
  };
  const box = ({ x, y, width, height }) => ({ x, y, width, height });
  const frame = (shape, options = {}) =>
    add(root, "rect", {
      x: shape.x - 0.5, y: shape.y - 0.5, width: shape.width + 1, height: shape.height + 1, fill: "none",
      stroke: theme.frame, ...options,
    });
  const cross = (shape, veil) => {
    add(root, "rect", { ...box(shape), fill: theme.background, "fill-opacity": veil });
    const [x2, y2] = [shape.x + shape.width, shape.y + shape.height];
    add(root, "path", {
      d: `M${shape.x} ${shape.y}L${x2} ${y2}M${x2} ${shape.y}L${shape.x} ${y2}`, stroke: theme.text, "stroke-width": 1.5,
    });
  };
  const margin = model.style.sizes.export_margin;
  const page = { x: -margin, y: -margin, width: layout.width + 2 * margin, height: layout.height + 2 * margin };
  const root = add(null, "svg", {
    width: page.width, height: page.height, viewBox: `${page.x} ${page.y} ${page.width} ${page.height}`, role: "img",
    "font-family": theme.font,
  });
  add(root, "title", {}, model.title);
  add(root, "desc", {}, model.description);
  const ramp = add(add(root, "defs", {}), "linearGradient", { id: "ramp" });
  theme.colours.ramp.forEach((colour, i, all) =>
    add(ramp, "stop", { offset: `${(100 * i) / (all.length - 1)}%`, "stop-color": colour }));
  add(root, "rect", { ...page, fill: theme.background });
  const canvas = document.createElement("canvas");
  [canvas.height, canvas.width] = model.shape;
  const context = canvas.getContext("2d");
  const thumbnail = thumbnailPainter(model, theme, canvas.width, canvas.height);
  for (const shape of layout.shapes) {
    if (shape.kind === "text") {
      const anchor = { left: "start", center: "middle", right: "end" }[shape.align];
      add(root, "text", {
        x: shape.x, y: shape.y, "font-size": shape.size, "font-weight": String(shape.weight), "text-anchor": anchor,
        direction: "ltr", fill: colourOf(theme, shape.colour),
      }, shape.text);
    } else if (shape.kind === "line") {
      const { x1, y1, x2, y2 } = shape;
      add(root, "line", { x1, y1, x2, y2, stroke: colourOf(theme, shape.colour) });
    } else if (shape.kind === "thumb") {
      const head = model.heads[shape.head];
      context.putImageData(thumbnail(head), 0, 0);
      const image = add(root, "image", {
        ...box(shape), href: canvas.toDataURL("image/png"), preserveAspectRatio: "none",
        style: "image-rendering: pixelated",
      });
      add(image, "title", {}, head.name);
      if (head.off) cross(shape, model.style.sizes.off_veil);
      frame(shape, { "stroke-opacity": THUMBNAIL_FRAME });
      if (shape.head === chosen) frame(shape, { stroke: theme.primary, "stroke-width": 3 });
    } else {
      if (shape.kind === "crossed") cross(shape, 0);
      else add(root, "rect", { ...box(shape), fill: shape.kind === "mask" ? theme.colours.mask_fill : "url(#ramp)" });
      frame(shape);
    }
  }
  return new XMLSerializer().serializeToString(root);
}
