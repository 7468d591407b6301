// What every layout needs: text as a shape, and lengths in whole pixels of the screen.

function textShape(x, y, text, size, options) {
  return { kind: "text", x, y, text, size, weight: 400, colour: "text", align: "left", ...options };
}

/** `snap(value)`: the nearest edge of a device pixel, in CSS pixels. `ratio`: device pixels a CSS pixel. */
function snapTo(ratio) {
  return (value) => Math.round(value * ratio) / ratio;
}

/** Device pixels that a length has room for, at least one. */
function wholePixels(length, ratio) {
  return Math.max(1, Math.floor(length * ratio + 1e-6));
}
