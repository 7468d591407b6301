// Draw a layout's shapes on a canvas, or write them as SVG. Colours of the page arrive in `theme`:
// {background, text, muted, frame, font, colours: {mask_fill, mask_line}, ramp, lut, inks}.

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
  const colours = opaquePixels(theme.lut);
  for (let i = 0; i < weights.length; i += 1) {
    if (!allowed || allowed[i]) pixels[i] = colours[levelOf(weights[i], model)];
  }
  context.putImageData(picture, 0, 0);
  return canvas;
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

/** The whole figure on its background, `scale` canvas pixels a CSS pixel, `margin` CSS pixels around it. */
function paintFigure(canvas, model, layout, theme, scale, margin = 0) {
  const context = startCanvas(canvas, layout, theme, scale, margin);
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
      context.fillStyle = roleColour(theme, shape.colour);
      context.fillText(shape.text, shape.x, shape.y);
    } else if (shape.kind === "text") paintText(context, theme, shape);
    else if (shape.kind === "ramp") paintRamp(context, theme, shape, theme.ramp);
    else if (shape.kind === "box") paintBox(context, theme, shape);
    else if (shape.kind === "curve") paintCurve(context, theme, shape);
    else if (shape.kind === "hatch") {
      paintHatch(context, theme, shape, [shape]);
      paintFrame(context, theme, shape);
    }
    else if (shape.kind === "matrix") paintMatrix(context, theme, model, shape);
    else paintLine(context, shape, roleColour(theme, shape.colour));
  }
}

/** A box with round corners, filled or only drawn round. */
function paintBox(context, theme, { x, y, width, height, fill, line, thick }) {
  context.beginPath();
  context.roundRect(x, y, width, height, 3);
  if (fill) {
    context.fillStyle = roleColour(theme, fill);
    context.fill();
  }
  if (line) {
    context.strokeStyle = roleColour(theme, line);
    context.lineWidth = thick;
    context.stroke();
  }
}

/** A Bézier curve through [x1, y1, x, y of two handles, x2, y2]. */
function paintCurve(context, theme, { points: [x1, y1, ...rest], colour, thick }) {
  context.save();
  context.globalAlpha = 0.85;
  context.lineCap = "round";
  context.strokeStyle = roleColour(theme, colour);
  context.lineWidth = thick;
  context.beginPath();
  context.moveTo(x1, y1);
  context.bezierCurveTo(...rest);
  context.stroke();
  context.restore();
}

/** The same figure as SVG text: rectangles and text, nothing that needs a script or a server. */
function writeSvg(model, layout, theme) {
  const { title, description } = { ...model, ...layout };
  const { root, definitions } = startSvg(layout, theme, model.style.sizes.export_margin, { title, description });
  addGradient(definitions, "ramp", theme.ramp);
  const hatch = addSvg(definitions, "pattern", {
    id: "masked", width: HATCH, height: HATCH, patternUnits: "userSpaceOnUse",
  });
  addSvg(hatch, "rect", { width: HATCH, height: HATCH, fill: theme.colours.mask_fill });
  addSvg(hatch, "path", {
    d: `M-1 1L1 -1M0 ${HATCH}L${HATCH} 0M${HATCH - 1} ${HATCH + 1}L${HATCH + 1} ${HATCH - 1}`,
    stroke: theme.colours.mask_line, "stroke-width": 1,
  });
  for (const shape of layout.shapes) {
    if (shape.kind === "text") addText(root, theme, shape);
    else if (shape.kind === "line") addLine(root, shape, { stroke: roleColour(theme, shape.colour) });
    else if (shape.kind === "ramp") {
      addSvg(root, "rect", { ...boxOfShape(shape), fill: "url(#ramp)" });
      addFrame(root, theme, shape);
    } else if (shape.kind === "hatch") {
      addSvg(root, "rect", { ...boxOfShape(shape), fill: "url(#masked)" });
      addFrame(root, theme, shape);
    } else if (shape.kind === "box") {
      const line = shape.line ? { stroke: roleColour(theme, shape.line), "stroke-width": shape.thick } : {};
      addSvg(root, "rect", { ...boxOfShape(shape), rx: 3, fill: shape.fill ? roleColour(theme, shape.fill) : "none", ...line });
    } else if (shape.kind === "curve") {
      const [x1, y1, ...rest] = shape.points.map((value) => Math.round(value * 100) / 100);
      addSvg(root, "path", {
        d: `M${x1} ${y1}C${rest.join(" ")}`, fill: "none", stroke: roleColour(theme, shape.colour),
        "stroke-width": shape.thick, "stroke-linecap": "round", "stroke-opacity": 0.85,
      });
    } else {
      writeMatrix(root, model, theme, shape);
      addFrame(root, theme, shape);
    }
  }
  return svgText(root);
}

function writeMatrix(root, model, theme, { panel, x, y, cell }) {
  const { weights, allowed, title } = model.panels[panel];
  const [queries, keys] = model.shape;
  const group = addSvg(root, "g", { "shape-rendering": "crispEdges", "data-panel": title });
  for (const [row, start, end] of maskedRuns(model, panel)) {
    addSvg(group, "rect", {
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
      addSvg(group, "rect", {
        x: x + start * cell, y: y + row * cell, width: (column - start) * cell - gap, height: cell - gap,
        fill: `rgb(${theme.lut[value].join(",")})`,
      });
    }
  }
}
