// Positions over the rows, 1-based as people read them: Mb, kb or bp, whatever the steps are.

const thousands = new Intl.NumberFormat("en-US");
const TICK_ROOM = 108; // CSS pixels from label to label, at least

/** The least of 1, 2, 5 times a power of ten, in whole base pairs, that is no smaller. */
function tickStep(bp) {
  const power = 10 ** Math.floor(Math.log10(Math.max(bp, 1)));
  return Math.max(1, [1, 2, 5, 10].find((size) => size * power >= bp * 0.999) * power);
}

/** A position in the unit that fits steps of `step`. */
function positionText(position, step) {
  if (step >= 10_000) {
    const digits = Math.max(0, Math.min(2, 6 - Math.floor(Math.log10(step))));
    return `${decimals[digits].format(position / 1e6)} Mb`;
  }
  if (step >= 1000) return `${thousands.format(position / 1e3)} kb`;
  return thousands.format(position);
}

const decimals = [0, 1, 2].map((digits) => new Intl.NumberFormat("en-US", {
  minimumFractionDigits: digits, maximumFractionDigits: digits,
}));

/** Ticks in the view: {position (1-based), x, text} of labelled ones and {x} of those between. */
function rulerTicks(view, left, width) {
  const step = tickStep(view.bpPerPx * TICK_ROOM);
  const fine = step >= 5 && String(step)[0] !== "2" ? step / 5 : step >= 2 ? step / 2 : step;
  const found = [];
  const most = view.contig_bp;
  const [from, to] = view.reverse ? [most - view.end, most - view.start] : [view.start, view.end];
  // The base with the 1-based number p takes up p - 1 to p: its middle carries the tick.
  const first = Math.max(Math.ceil((from + 0.5) / fine) * fine, fine);
  for (let position = first; position <= Math.min(to + 0.5, most); position += fine) {
    const x = view.x(view.reverse ? most - position + 0.5 : position - 0.5);
    if (x < left - 1 || x > left + width + 1) continue;
    const major = Math.abs(position / step - Math.round(position / step)) < 1e-6;
    found.push(major ? { position, x, text: positionText(position, step) } : { x });
  }
  return found;
}

/** The strip with the positions. */
function paintRuler(pen, theme, view, layout) {
  const { y, height } = layout.ruler;
  const line = middleOfPixel(y + height - 8);
  penLine(pen, layout.left, line, layout.right, line, theme.rule);
  const size = theme.sizes.small;
  let taken = -Infinity;
  if (view.reverse) penText(pen, theme, "− strand", layout.left - 9, y + height - 20, { size, weight: 600, align: "right" });
  const ticks = rulerTicks(view, layout.left, layout.body);
  for (const { x, text } of view.reverse ? ticks.reverse() : ticks) {
    const at = middleOfPixel(x);
    penLine(pen, at, line - (text ? 5 : 3), at, line, text ? theme.muted : theme.rule);
    if (!text) continue;
    const wide = textWidth(theme, text, size);
    const middle = Math.min(Math.max(x, layout.left + wide / 2), layout.right - wide / 2);
    if (middle - wide / 2 < taken) continue;
    penText(pen, theme, text, middle, y + height - 20, { size, colour: theme.muted, align: "center" });
    taken = middle + wide / 2 + 14;
  }
}

/** "chr11:35,082,742-35,197,430", 1-based and inclusive. */
function locusText(contig, { start, end }) {
  const from = Math.round(start) + 1;
  return `${contig}:${thousands.format(from)}-${thousands.format(Math.max(Math.round(end), from))}`;
}
