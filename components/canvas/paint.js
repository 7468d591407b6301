// Shapes that every figure has, drawn on a canvas.

/** The CSS colour of a role of the theme; any other name is a colour itself. */
function roleColour(theme, name) {
  return theme[name] ?? name;
}

function fontOf(theme, { size, weight }) {
  return `${weight} ${size}px ${theme.font}`;
}

/**
 * Size a canvas for a layout, on its background: `scale` canvas pixels a CSS pixel, `margin` CSS pixels around
 * it. Returns its context, in CSS pixels of the layout.
 */
function startCanvas(canvas, layout, theme, scale, margin) {
  const width = Math.round((layout.width + 2 * margin) * scale);
  const height = Math.round((layout.height + 2 * margin) * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.setTransform(scale, 0, 0, scale, margin * scale, margin * scale);
  return context;
}

/** A text shape; `halo` is the width of the page's colour around it. */
function paintText(context, theme, shape, fill = roleColour(theme, shape.colour)) {
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
  context.fillStyle = fill;
  context.fillText(shape.text, 0, 0);
  context.restore();
}

function paintLine(context, { x1, y1, x2, y2 }, colour, thick = 1) {
  context.strokeStyle = colour;
  context.lineWidth = thick;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function paintFrame(context, theme, { x, y, width, height }) {
  context.strokeStyle = theme.frame;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

/** A colour bar of equally spaced stops, framed. */
function paintRamp(context, theme, shape, stops) {
  const gradient = context.createLinearGradient(shape.x, 0, shape.x + shape.width, 0);
  stops.forEach((colour, i, all) => gradient.addColorStop(i / (all.length - 1), colour));
  context.fillStyle = gradient;
  context.fillRect(shape.x, shape.y, shape.width, shape.height);
  paintFrame(context, theme, shape);
}

/** Seen on every colour: a ring of the page's colour, `under` wide, beneath one of `colour`. */
function paintRing(context, theme, { x, y, width, height }, thick, { colour = theme.text, under = thick + 2 } = {}) {
  for (const [stroke, line] of [[theme.background, under], [colour, thick]]) {
    context.strokeStyle = stroke;
    context.lineWidth = line;
    context.strokeRect(x, y, width, height);
  }
}
