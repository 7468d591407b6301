// The line under the pointer, or moved by keys, with the value of every row beside it.

const VALUE_ROOM = 6; // CSS pixels from the line to a value

/** The colour of a role that `read` names: "assay:CAGE", a role of the theme, or none. */
function valueColour(theme, role) {
  if (role?.startsWith("assay:")) return theme.assays[role.slice(6)] ?? theme.other;
  if (role?.startsWith("letter:")) return theme.letters[role.slice(7)] ?? theme.text;
  return theme[role] ?? (role?.startsWith("rgb(") ? role : theme.text);
}

const valueText = ({ label, value, unit }) => `${label ? `${label} ` : ""}${value}${unit ? ` ${unit}` : ""}`;

/** All values at `bp` for one row, in words. */
function readingOf(row, bp, view) {
  const found = ROW_PAINTERS[row.kind].read(row, bp, view);
  return found ? found.map(valueText).join(", ") : "nothing here";
}

/**
 * The line, the bin it is in, and the values. `seen(y, height)`: whether that part is on the screen; `titleWidth(id)`:
 * of a row's title.
 */
function paintCursor(pen, theme, bp, view, layout, { seen, titleWidth }) {
  const x = view.x(bp);
  if (x < layout.left - 0.5 || x > layout.right + 0.5) return;
  const bottom = layout.height - theme.sizes.gap;
  const line = middleOfPixel(Math.min(x, layout.right - 1));
  const patches = [];
  for (const { row, head, box } of layout.rows) {
    if (!seen(head.y, head.height + box.height)) continue;
    const found = ROW_PAINTERS[row.kind].read(row, bp, view);
    if (!found?.length) continue;
    const bin = found[0].bin;
    if (bin && (bin[1] - bin[0]) / view.bpPerPx > 3) {
      const from = Math.max(view.x(bin[0]), layout.left);
      const to = Math.min(view.x(bin[1]), layout.right);
      pen.save();
      pen.globalAlpha = 0.1;
      pen.fillStyle = theme.text;
      pen.fillRect(from, box.y, to - from, box.height);
      pen.restore();
    }
    patches.push(placeValues(pen, theme, found, { row, line, head, box, layout, view, titleWidth }));
  }
  pen.save();
  pen.globalAlpha = 0.75;
  penLine(pen, line, layout.ruler.y + 4, line, bottom, theme.text);
  pen.restore();
  for (const patch of patches) paintValues(pen, theme, patch);
  paintFlag(pen, theme, thousands.format(view.position(bp)), line, layout);
}

/**
 * Where the values of a row stand: in the strip over it, so that they hide nothing, or where that is full in the row.
 * A legend that they would cut through gives way.
 */
function placeValues(pen, theme, all, { row, line, head, box, layout, view, titleWidth }) {
  const size = theme.sizes.small;
  const found = layout.body < 420 ? all.slice(0, 1) : all;
  // The unit of a signal stands over the row already.
  const texts = found.map((one) => valueText(row.kind === "signal" ? { ...one, unit: "" } : one));
  const widths = texts.map((text) => 7 + textWidth(theme, text, size, 600));
  const high = Math.min(size + 5, head.height);
  const wide = widths.reduce((sum, one) => sum + one + 9, -9) + 9;
  const sides = [line + VALUE_ROOM, line - VALUE_ROOM - wide].filter((x) => x + wide <= layout.right && x >= layout.left);
  const titleEnd = layout.left + titleWidth(row.id) + 8;
  const inStrip = sides.find((x) => x >= titleEnd) ?? (titleEnd + wide <= layout.right ? titleEnd : undefined);
  const x = inStrip ?? sides[0] ?? Math.max(layout.left, layout.right - wide);
  const y = inStrip === undefined ? box.y + 1 : head.y + (head.height - high) / 2;
  const legend = ROW_PAINTERS[row.kind].legend?.(row, view, theme) ?? [];
  const from = Math.max(layout.right - legendWidth(theme, legend), titleEnd + 8);
  if (legend.length && inStrip !== undefined && x + wide > from - 4) {
    pen.fillStyle = theme.background;
    pen.fillRect(from - 3, head.y, layout.right - from + 6, head.height);
  }
  return { found, texts, widths, x, y, wide, high, size };
}

function paintValues(pen, theme, { found, texts, widths, x, y, wide, high, size }) {
  pen.fillStyle = theme.background;
  pen.strokeStyle = theme.rule;
  pen.lineWidth = 1;
  roundedRect(pen, x, y, wide, high, 4);
  pen.fill();
  pen.stroke();
  let at = x + 4;
  texts.forEach((text, i) => {
    pen.fillStyle = valueColour(theme, found[i].colour);
    pen.fillRect(at, y + high / 2 - 4, 3, 8);
    penText(pen, theme, text, at + 7, y + high / 2, { size, weight: 600 });
    at += widths[i] + 9;
  });
}

/** The position on the ruler. */
function paintFlag(pen, theme, text, line, layout) {
  const size = theme.sizes.small;
  const wide = textWidth(theme, text, size, 600) + 12;
  const x = Math.min(Math.max(line - wide / 2, layout.left), layout.right - wide);
  const y = layout.ruler.y + 1;
  pen.fillStyle = theme.text;
  roundedRect(pen, x, y, wide, 17, 4);
  pen.fill();
  penText(pen, theme, text, x + wide / 2, y + 8.5, { size, weight: 600, colour: theme.background, align: "center" });
}

/** The stretch that a box zoom will show. */
function paintZoomBox(pen, theme, [a, b], view, layout) {
  const x = Math.max(view.x(Math.min(a, b)), layout.left);
  const wide = Math.min(view.x(Math.max(a, b)), layout.right) - x;
  const { y } = layout.ruler;
  const high = layout.height - theme.sizes.gap - y;
  pen.save();
  pen.globalAlpha = 0.14;
  pen.fillStyle = theme.primary;
  pen.fillRect(x, y, wide, high);
  pen.globalAlpha = 1;
  penLine(pen, middleOfPixel(x), y, middleOfPixel(x), y + high, theme.primary, 1.5);
  penLine(pen, middleOfPixel(x + wide), y, middleOfPixel(x + wide), y + high, theme.primary, 1.5);
  pen.restore();
  const text = lengthText(Math.abs(b - a));
  const size = theme.sizes.small;
  penText(pen, theme, text, x + wide / 2, y + 9, { size, weight: 600, align: "center", halo: 4 });
}
