// Draw a layout's shapes on a canvas, or write them as SVG. Colours of the page arrive in `theme`.

const THUMBNAIL_FRAME = 0.55; // opacity: 144 frames should not be louder than what they hold

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

/**
 * Paints thumbnails of one size. A pixel that stands for several cells gets the largest of them, so that a
 * single spike is seen at any size; masked cells are one plain tint.
 */
function thumbnailPainter(model, theme, width, height, grain = 1) {
  const [rows, columns] = [spans(model.shape[0], height, grain), spans(model.shape[1], width, grain)];
  const wide = model.shape[1];
  const picture = new ImageData(width, height);
  const colours = new Uint32Array(picture.data.buffer);
  const [masked, ...table] = opaquePixels([parseHex(theme.colours.mask_fill), ...theme.lut]);
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

/** A ring around a thumbnail, outside it. */
function paintHeadRing(context, theme, { x, y }, [width, height], colour, thick, gap = 0) {
  const away = gap + thick / 2;
  const box = { x: x - away, y: y - away, width: width + 2 * away, height: height + 2 * away };
  paintRing(context, theme, box, thick, { colour });
}

/** The whole figure on its background, `scale` canvas pixels a CSS pixel, `margin` CSS pixels around it. */
function paintFigure(canvas, model, layout, theme, scale, margin = 0) {
  const context = startCanvas(canvas, layout, theme, scale, margin);
  const pixels = (length) => Math.round(length * scale);
  const thumbnail = thumbnailPainter(model, theme, pixels(layout.thumb[0]), pixels(layout.thumb[1]), scale);
  for (const shape of layout.shapes) {
    if (shape.kind !== "thumb") continue;
    context.putImageData(thumbnail(model.heads[shape.head]), pixels(shape.x + margin), pixels(shape.y + margin));
  }
  for (const shape of layout.shapes) {
    if (shape.kind === "text") paintText(context, theme, shape);
    else if (shape.kind === "line") paintLine(context, shape, roleColour(theme, shape.colour));
    else if (shape.kind === "ramp") paintRamp(context, theme, shape, theme.colours.ramp);
    else if (shape.kind === "thumb") {
      if (model.heads[shape.head].off) paintCross(context, theme, shape, model.style.sizes.off_veil);
      context.globalAlpha = THUMBNAIL_FRAME;
      paintFrame(context, theme, shape);
      context.globalAlpha = 1;
    } else {
      if (shape.kind === "crossed") paintCross(context, theme, shape, 0);
      else {
        context.fillStyle = theme.colours.mask_fill;
        context.fillRect(shape.x, shape.y, shape.width, shape.height);
      }
      paintFrame(context, theme, shape);
    }
  }
}

/** The same figure as SVG text: one embedded picture a head at its own resolution, words as text. */
function writeSvg(model, layout, theme, chosen) {
  const { root, definitions } = startSvg(layout, theme, model.style.sizes.export_margin, model);
  addGradient(definitions, "ramp", theme.colours.ramp);
  const cross = (shape, veil) => {
    addSvg(root, "rect", { ...boxOfShape(shape), fill: theme.background, "fill-opacity": veil });
    const [x2, y2] = [shape.x + shape.width, shape.y + shape.height];
    addSvg(root, "path", {
      d: `M${shape.x} ${shape.y}L${x2} ${y2}M${x2} ${shape.y}L${shape.x} ${y2}`, stroke: theme.text, "stroke-width": 1.5,
    });
  };
  const canvas = document.createElement("canvas");
  [canvas.height, canvas.width] = model.shape;
  const context = canvas.getContext("2d");
  const thumbnail = thumbnailPainter(model, theme, canvas.width, canvas.height);
  for (const shape of layout.shapes) {
    if (shape.kind === "text") addText(root, theme, shape);
    else if (shape.kind === "line") addLine(root, shape, { stroke: roleColour(theme, shape.colour) });
    else if (shape.kind === "thumb") {
      const head = model.heads[shape.head];
      context.putImageData(thumbnail(head), 0, 0);
      const image = addSvg(root, "image", {
        ...boxOfShape(shape), href: canvas.toDataURL("image/png"), preserveAspectRatio: "none",
        style: "image-rendering: pixelated",
      });
      addSvg(image, "title", {}, head.name);
      if (head.off) cross(shape, model.style.sizes.off_veil);
      addFrame(root, theme, shape, { "stroke-opacity": THUMBNAIL_FRAME });
      if (shape.head === chosen) addFrame(root, theme, shape, { stroke: theme.primary, "stroke-width": 3 });
    } else {
      if (shape.kind === "crossed") cross(shape, 0);
      else addSvg(root, "rect", { ...boxOfShape(shape), fill: shape.kind === "mask" ? theme.colours.mask_fill : "url(#ramp)" });
      addFrame(root, theme, shape);
    }
  }
  return svgText(root);
}
