// What the painters share: text with a ground, hatching, axes, legends, numbers as people read them.

const widths = new Map();
let ruler = null;

/** Width of a text in CSS pixels, remembered. */
function textWidth(theme, text, size, weight = 400) {
  const key = `${weight} ${size} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 4000) widths.clear();
    ruler ??= document.createElement("canvas").getContext("2d");
    ruler.font = fontOf(theme, { size, weight });
    width = ruler.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/** After the page's font has arrived, or changed. */
function forgetWidths() {
  widths.clear();
}

/** The text, or its longest beginning with an ellipsis that fits. */
function fittingText(theme, text, room, size, weight = 400) {
  return shorten(text, room, (part) => textWidth(theme, part, size, weight));
}

/** Text with its middle at `y`; `halo`: CSS pixels of the ground's colour around it. */
function penText(pen, theme, text, x, y, options = {}) {
  const { size = 11.5, weight = 400, colour = theme.text, align = "left", halo = 0 } = options;
  pen.font = fontOf(theme, { size, weight });
  pen.textAlign = align;
  pen.textBaseline = "alphabetic";
  const base = y + size * 0.35;
  if (halo) {
    pen.strokeStyle = theme.background;
    pen.lineWidth = halo;
    pen.lineJoin = "round";
    pen.strokeText(text, x, base);
  }
  pen.fillStyle = colour;
  pen.fillText(text, x, base);
}

/** A straight line, level or upright ones on whole device pixels. */
function penLine(pen, x1, y1, x2, y2, colour, width = 1) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

const middleOfPixel = (y) => Math.floor(y) + 0.5;

/** What `draw` paints, in the box alone. */
function clipped(pen, box, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(box.x, box.y, box.width, box.height);
  pen.clip();
  draw();
  pen.restore();
}

/**
 * Stretches [left, right] in CSS pixels of the box, hatched as "nothing is known here", each with `words` where they
 * have room. `anchor`: a place that moves with the genome, so that stripes do too.
 */
function paintMissing(pen, theme, box, stretches, words, anchor) {
  const seen = stretches.map(([left, right]) => [Math.max(left, box.x), Math.min(right, box.x + box.width)])
    .filter(([left, right]) => right - left > 0.3);
  if (!seen.length) return;
  const step = theme.sizes.hatch;
  const phase = ((anchor % step) + step) % step;
  pen.save();
  pen.beginPath();
  for (const [left, right] of seen) pen.rect(left, box.y, right - left, box.height);
  pen.clip();
  pen.fillStyle = theme.hatch_fill;
  for (const [left, right] of seen) pen.fillRect(left, box.y, right - left, box.height);
  pen.strokeStyle = theme.hatch_line;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const [left, right] of seen) {
    const first = Math.floor((left - box.height) / step) * step + phase - step;
    for (let x = first; x < right + step; x += step) {
      pen.moveTo(x, box.y + box.height);
      pen.lineTo(x + box.height, box.y);
    }
  }
  pen.stroke();
  pen.restore();
  paintMissingWords(pen, theme, box, seen, words);
}

/** The words of `paintMissing` alone, for rows whose hatching comes from a bitmap that is wider than the view. */
function paintMissingWords(pen, theme, box, stretches, words) {
  const size = theme.sizes.small;
  if (!words || box.height < size + 3) return;
  const room = textWidth(theme, words, size) + 20;
  for (const [from, to] of stretches) {
    const [left, right] = [Math.max(from, box.x), Math.min(to, box.x + box.width)];
    if (right - left < room) continue;
    penText(pen, theme, words, (left + right) / 2, box.y + box.height / 2, {
      size, colour: theme.muted, align: "center", halo: 4,
    });
  }
}

// Axes ---------------------------------------------------------------------------------------------------------

/** The least of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 (times a power of ten) that is no smaller than the value. */
function tidyTop(value) {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const share = value / power;
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((size) => share <= size * (1 + 1e-6));
  return Number((step * power).toPrecision(3));
}

/** The ticks whose numbers do not touch those before them, each with the `place` of its number. */
function ticksApart(theme, box, ticks) {
  const size = theme.sizes.tick;
  const found = [];
  for (const tick of ticks) {
    const place = Math.min(Math.max(tick.y, box.y + size * 0.32), box.y + box.height - size * 0.3);
    if (found.every((other) => Math.abs(other.place - place) >= size + 1)) found.push({ ...tick, place });
  }
  return found;
}

/** Faint lines across the box at the ticks that have a number, but not at 0. */
function paintLevels(pen, theme, box, ticks) {
  for (const { y, value } of ticksApart(theme, box, ticks)) {
    if (value) penLine(pen, box.x, middleOfPixel(y), box.x + box.width, middleOfPixel(y), theme.faint);
  }
}

/** Ticks [{y, text}]: an upright line at the left of the box, numbers in the gutter. */
function paintAxis(pen, theme, box, ticks) {
  const x = box.x - 4.5;
  penLine(pen, x, middleOfPixel(box.y), x, middleOfPixel(box.y + box.height), theme.rule);
  const size = theme.sizes.tick;
  for (const { y, text, place } of ticksApart(theme, box, ticks)) {
    penLine(pen, x - 3, middleOfPixel(y), x, middleOfPixel(y), theme.rule);
    penText(pen, theme, text, x - 6, place, { size, colour: theme.muted, align: "right" });
  }
}

// Numbers ------------------------------------------------------------------------------------------------------

/** Four significant digits; thousands apart; a proper minus; very small ones by powers of ten. */
function exactText(value) {
  if (!Number.isFinite(value)) return "none";
  const size = Math.abs(value);
  let text;
  if (size === 0) text = "0";
  else if (size < 1e-4) text = size.toExponential(2).replace(/\.?0+e/, "e").replace("e", " × 10^").replace("^+", "^");
  else if (size >= 1000) text = Math.round(size).toLocaleString("en-US");
  else text = String(Number(size.toPrecision(4)));
  text = text.replace(/10\^(-?\d+)/, (_, power) => `10${Array.from(power, (c) => RAISED[c]).join("")}`);
  return value < 0 ? `−${text}` : text;
}

const RAISED = Object.fromEntries(Array.from("-0123456789", (c, i) => [c, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[i]]));

/** An axis number, short: 1500 -> "1.5k". */
function axisText(value) {
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size >= 1e6) return `${sign}${Number((size / 1e6).toPrecision(3))}M`;
  if (size >= 10_000) return `${sign}${Number((size / 1e3).toPrecision(3))}k`;
  if (size > 0 && size < 1e-3) return exactText(value).replace(" × ", "×");
  return `${sign}${Number(size.toPrecision(3))}`;
}

/** 0.1234 -> "12.3 %". */
function shareText(value) {
  const percent = 100 * value;
  if (percent === 0) return "0 %";
  return percent >= 0.01 ? `${Number(percent.toPrecision(3))} %` : "< 0.01 %";
}

/** 1-based and inclusive, as people read loci. */
function spanText(start, end) {
  const from = Math.round(start) + 1;
  const to = Math.round(end);
  return from >= to ? to.toLocaleString("en-US") : `${from.toLocaleString("en-US")}–${to.toLocaleString("en-US")}`;
}

function lengthText(bp) {
  if (bp >= 1e6) return `${Number((bp / 1e6).toPrecision(3))} Mb`;
  if (bp >= 1e4) return `${Number((bp / 1e3).toPrecision(3))} kb`;
  return `${Math.round(bp).toLocaleString("en-US")} bp`;
}

// Legends ------------------------------------------------------------------------------------------------------

const MARK_WIDTHS = { none: 0, patch: 13, dot: 9, up: 11, down: 11, ramp: 59 }; // to the words behind them; 19 of others

/**
 * Entries of a row's legend from left to right in `room` CSS pixels from `x`, middles at `y`; what does not fit is left
 * out. Marks: "area", "ribbon", "line", "dash", "patch", "dot", "up", "down", "ramp" (of `colours`), "none". Returns where
 * it ended.
 */
function paintLegend(pen, theme, entries, x, y, room) {
  const size = theme.sizes.small;
  let at = x;
  for (const { mark, colour, colours, text, opacity = 1 } of entries) {
    const sign = MARK_WIDTHS[mark] ?? 19;
    const width = sign + textWidth(theme, text, size);
    if (at + width > x + room) break;
    if (mark === "ramp") paintRampMark(pen, theme, colours, at, y);
    else paintMark(pen, theme, mark, colour, at, y, opacity);
    penText(pen, theme, text, at + sign, y, { size, colour: theme.muted });
    at += width + 13;
  }
  return at;
}

/** The stops of a scale side by side. */
function paintRampMark(pen, theme, colours, x, y) {
  const wide = 54 / colours.length;
  colours.forEach((colour, i) => {
    pen.fillStyle = colour;
    pen.fillRect(x + Math.round(i * wide), y - 4.5, Math.round((i + 1) * wide) - Math.round(i * wide), 9);
  });
  pen.strokeStyle = theme.rule;
  pen.lineWidth = 1;
  pen.strokeRect(x - 0.5, y - 5, 55, 10);
}

function paintMark(pen, theme, mark, colour, x, y, opacity) {
  if (mark === "none") return;
  pen.save();
  pen.fillStyle = colour;
  pen.strokeStyle = colour;
  if (mark === "patch") {
    pen.globalAlpha = opacity;
    pen.fillRect(x, y - 4.5, 9, 9);
  } else if (mark === "dot") {
    pen.fillRect(x, y - 2, 4.5, 4.5);
  } else if (mark === "up" || mark === "down") {
    const turn = mark === "up" ? -1 : 1;
    pen.beginPath();
    pen.moveTo(x, y - 3 * turn);
    pen.lineTo(x + 8, y - 3 * turn);
    pen.lineTo(x + 4, y + 4 * turn);
    pen.closePath();
    pen.fill();
  } else {
    if (mark === "area" || mark === "ribbon") {
      pen.globalAlpha = mark === "area" ? SIGNAL_FILL : RIBBON_FILL;
      pen.fillRect(x, y - 3.5, 14, 8);
      pen.globalAlpha = 1;
    }
    pen.lineWidth = mark === "line" ? 1.75 : 1.25;
    if (mark === "dash") pen.setLineDash([3, 2.5]);
    pen.beginPath();
    const level = mark === "area" ? y - 3.5 : y;
    pen.moveTo(x, level);
    pen.lineTo(x + 14, level);
    if (mark !== "ribbon") pen.stroke();
  }
  pen.restore();
}
