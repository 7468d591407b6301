// Draw a layout's shapes on a canvas, or write them as SVG. Colours of the page arrive in `theme`:
// {background, text, muted, frame, accent, font, colours: {mask_fill, mask_line}, ramp, lut, inks}.

const HATCH = 6; // CSS pixels from stripe to stripe

/** The panel as a small picture, one pixel a cell, masked cells clear. */
function panelPicture(model, panel, theme) {
  const [queries, keys] = model.shape;
  const canvas = document.createElement("canvas");
  canvas.width = keys;
  canvas.height = queries;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(keys, queries);
  const pixels = new Uint32Array(picture.data.buffer);
  const { weights, allowed } = model.panels[panel];
  // Opaque pixels as this machine orders their bytes.
  const colours = new Uint32Array(new Uint8Array(theme.lut.flatMap((colour) => [...colour, 255])).buffer);
  for (let i = 0; i < weights.length; i += 1) {
    if (!allowed || allowed[i]) pixels[i] = colours[levelOf(weights[i], model)];
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

function colourOf(theme, name) {
  return theme[name] ?? name;
}

function fontOf(theme, shape) {
  return `${shape.weight} ${shape.size}px ${theme.font}`;
}

function paintText(context, theme, shape) {
  context.save();
  context.translate(shape.x, shape.y);
  if (shape.angle) context.rotate(shape.angle);
  context.font = fontOf(theme, shape);
  context.direction = "ltr";
  context.textAlign = shape.align;
  if (shape.halo) {
    context.strokeStyle = theme.background;
    context.lineWidth = shape.halo;
    context.lineJoin = "round";
    context.strokeText(shape.text, 0, 0);
  }
  context.fillStyle = colourOf(theme, shape.colour);
  context.fillText(shape.text, 0, 0);
  context.restore();
}

/** Runs of masked cells, [row, first column, end column]. */
function maskedRuns(model, panel) {
  const { allowed } = model.panels[panel];
  const [queries, keys] = model.shape;
  const runs = [];
  for (let row = 0; allowed && row < queries; row += 1) {
    for (let column = 0; column < keys; column += 1) {
      if (allowed[row * keys + column]) continue;
      const start = column;
      while (column < keys && !allowed[row * keys + column]) column += 1;
      runs.push([row, start, column]);
    }
  }
  return runs;
}

/** Hatching over `boxes`, in one grid of stripes that starts at (x, y). */
function paintHatch(context, theme, { x, y, width, height }, boxes) {
  context.save();
  context.beginPath();
  for (const box of boxes) context.rect(box.x, box.y, box.width, box.height);
  context.clip();
  context.fillStyle = theme.colours.mask_fill;
  context.fillRect(x, y, width, height);
  context.strokeStyle = theme.colours.mask_line;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = HATCH / 2; at < width + height; at += HATCH) {
    context.moveTo(x + at, y);
    context.lineTo(x + at - height, y + height);
  }
  context.stroke();
  context.restore();
}

function paintFrame(context, theme, { x, y, width, height }) {
  context.strokeStyle = theme.frame;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

function paintMatrix(context, theme, model, shape) {
  const { x, y, width, height, cell } = shape;
  const lines = cell >= model.style.sizes.grid_line_cell;
  const masked = Boolean(model.panels[shape.panel].allowed);
  if (masked && !lines) paintHatch(context, theme, shape, [shape]);
  context.imageSmoothingEnabled = false;
  context.drawImage(panelPicture(model, shape.panel, theme), x, y, width, height);
  if (lines) {
    context.save();
    context.globalAlpha = cell >= 14 ? 1 : 0.6;
    context.strokeStyle = theme.background;
    context.lineWidth = 1;
    context.beginPath();
    for (let i = 1; i < model.shape[1]; i += 1) {
      context.moveTo(x + i * cell - 0.5, y);
      context.lineTo(x + i * cell - 0.5, y + height);
    }
    for (let i = 1; i < model.shape[0]; i += 1) {
      context.moveTo(x, y + i * cell - 0.5);
      context.lineTo(x + width, y + i * cell - 0.5);
    }
    context.stroke();
    context.restore();
    // Over the lines: what is masked is one area, not cells without a value.
    const boxes = maskedRuns(model, shape.panel).map(([row, start, end]) => ({
      x: x + start * cell, y: y + row * cell, width: (end - start) * cell, height: cell,
    }));
    if (boxes.length) paintHatch(context, theme, shape, boxes);
  }
  paintFrame(context, theme, shape);
}

function paintRamp(context, theme, { x, y, width, height }) {
  const gradient = context.createLinearGradient(x, 0, x + width, 0);
  theme.ramp.forEach((colour, i, all) => gradient.addColorStop(i / (all.length - 1), colour));
  context.fillStyle = gradient;
  context.fillRect(x, y, width, height);
  paintFrame(context, theme, { x, y, width, height });
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
  context.setTransform(scale, 0, 0, scale, margin * scale, margin * scale);
  paintShapes(context, theme, model, layout.shapes);
}

function paintShapes(context, theme, model, shapes) {
  context.direction = "ltr";
  let font = ""; // setting a font costs more than drawing a word
  for (const shape of shapes) {
    if (shape.kind === "text" && !shape.angle && !shape.halo) {
      const wanted = fontOf(theme, shape);
      if (font !== wanted) context.font = font = wanted;
      if (context.textAlign !== shape.align) context.textAlign = shape.align;
      context.fillStyle = colourOf(theme, shape.colour);
      context.fillText(shape.text, shape.x, shape.y);
    } else if (shape.kind === "text") paintText(context, theme, shape);
    else if (shape.kind === "ramp") paintRamp(context, theme, shape);
    else if (shape.kind === "box") paintBox(context, theme, shape);
    else if (shape.kind === "curve") paintCurve(context, theme, shape);
    else if (shape.kind === "hatch") {
      paintHatch(context, theme, shape, [shape]);
      paintFrame(context, theme, shape);
    }
    else if (shape.kind === "matrix") paintMatrix(context, theme, model, shape);
    else {
      context.strokeStyle = colourOf(theme, shape.colour);
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(shape.x1, shape.y1);
      context.lineTo(shape.x2, shape.y2);
      context.stroke();
    }
  }
}

/** A box with round corners, filled or only drawn round. */
function paintBox(context, theme, { x, y, width, height, fill, line, thick }) {
  context.beginPath();
  context.roundRect(x, y, width, height, 3);
  if (fill) {
    context.fillStyle = colourOf(theme, fill);
    context.fill();
  }
  if (line) {
    context.strokeStyle = colourOf(theme, line);
    context.lineWidth = thick;
    context.stroke();
  }
}

/** A Bézier curve through [x1, y1, x, y of two handles, x2, y2]. */
function paintCurve(context, theme, { points: [x1, y1, ...rest], colour, thick }) {
  context.save();
  context.globalAlpha = 0.85;
  context.lineCap = "round";
  context.strokeStyle = colourOf(theme, colour);
  context.lineWidth = thick;
  context.beginPath();
  context.moveTo(x1, y1);
  context.bezierCurveTo(...rest);
  context.stroke();
  context.restore();
}

/** The same figure as SVG text: rectangles and text, nothing that needs a script or a server. */
function writeSvg(model, layout, theme) {
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
  const frame = (parent, { x, y, width, height }) =>
    add(parent, "rect", {
      x: x - 0.5, y: y - 0.5, width: width + 1, height: height + 1, fill: "none", stroke: theme.frame,
    });
  const margin = model.style.sizes.export_margin;
  const page = { x: -margin, y: -margin, width: layout.width + 2 * margin, height: layout.height + 2 * margin };
  const root = add(null, "svg", {
    width: page.width, height: page.height, viewBox: `${page.x} ${page.y} ${page.width} ${page.height}`, role: "img",
    "font-family": theme.font,
  });
  add(root, "title", {}, layout.title ?? model.title);
  add(root, "desc", {}, layout.description ?? model.description);
  const definitions = add(root, "defs", {});
  const ramp = add(definitions, "linearGradient", { id: "ramp" });
  theme.ramp.forEach((colour, i, all) =>
    add(ramp, "stop", { offset: `${(100 * i) / (all.length - 1)}%`, "stop-color": colour }));
  const hatch = add(definitions, "pattern", {
    id: "masked", width: HATCH, height: HATCH, patternUnits: "userSpaceOnUse",
  });
  add(hatch, "rect", { width: HATCH, height: HATCH, fill: theme.colours.mask_fill });
  add(hatch, "path", {
    d: `M-1 1L1 -1M0 ${HATCH}L${HATCH} 0M${HATCH - 1} ${HATCH + 1}L${HATCH + 1} ${HATCH - 1}`,
    stroke: theme.colours.mask_line, "stroke-width": 1,
  });
  add(root, "rect", { ...page, fill: theme.background });
  for (const shape of layout.shapes) {
    if (shape.kind === "text") {
      const anchor = { left: "start", center: "middle", right: "end" }[shape.align];
      const turn = shape.angle ? { transform: `rotate(${(shape.angle * 180) / Math.PI} ${shape.x} ${shape.y})` } : {};
      add(root, "text", {
        x: shape.x, y: shape.y, "font-size": shape.size, "font-weight": String(shape.weight), "text-anchor": anchor,
        direction: "ltr", fill: colourOf(theme, shape.colour), ...turn,
        ...(shape.halo
          ? { stroke: theme.background, "stroke-width": shape.halo, "stroke-linejoin": "round", "paint-order": "stroke" }
          : {}),
      }, shape.text);
    } else if (shape.kind === "ramp") {
      add(root, "rect", { ...box(shape), fill: "url(#ramp)" });
      frame(root, shape);
    } else if (shape.kind === "hatch") {
      add(root, "rect", { ...box(shape), fill: "url(#masked)" });
      frame(root, shape);
    } else if (shape.kind === "box") {
      const line = shape.line ? { stroke: colourOf(theme, shape.line), "stroke-width": shape.thick } : {};
      add(root, "rect", { ...box(shape), rx: 3, fill: shape.fill ? colourOf(theme, shape.fill) : "none", ...line });
    } else if (shape.kind === "curve") {
      const [x1, y1, ...rest] = shape.points.map((value) => Math.round(value * 100) / 100);
      add(root, "path", {
        d: `M${x1} ${y1}C${rest.join(" ")}`, fill: "none", stroke: colourOf(theme, shape.colour),
        "stroke-width": shape.thick, "stroke-linecap": "round", "stroke-opacity": 0.85,
      });
    } else if (shape.kind === "line") {
      const { x1, y1, x2, y2 } = shape;
      add(root, "line", { x1, y1, x2, y2, stroke: colourOf(theme, shape.colour) });
    } else {
      writeMatrix(add, root, model, theme, shape);
      frame(root, shape);
    }
  }
  return new XMLSerializer().serializeToString(root);
}

function writeMatrix(add, root, model, theme, { panel, x, y, cell }) {
  const { weights, allowed, title } = model.panels[panel];
  const [queries, keys] = model.shape;
  const group = add(root, "g", { "shape-rendering": "crispEdges", "data-panel": title });
  for (const [row, start, end] of maskedRuns(model, panel)) {
    add(group, "rect", {
      x: x + start * cell, y: y + row * cell, width: (end - start) * cell, height: cell, fill: "url(#masked)",
    });
  }
  // Cells of small maps stay single shapes to edit; in large ones neighbours of one colour are joined.
  const join = weights.length > 4096;
  const gap = cell >= model.style.sizes.grid_line_cell ? 1 : 0;
  const level = (i) => (allowed && !allowed[i] ? -1 : levelOf(weights[i], model));
  for (let row = 0; row < queries; row += 1) {
    for (let column = 0; column < keys; ) {
      const start = column;
      const value = level(row * keys + column);
      do column += 1;
      while (join && column < keys && level(row * keys + column) === value);
      if (value < 0) continue;
      add(group, "rect", {
        x: x + start * cell, y: y + row * cell, width: (column - start) * cell - gap, height: cell - gap,
        fill: `rgb(${theme.lut[value].join(",")})`,
      });
    }
  }
}
