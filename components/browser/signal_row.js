// Heights of bins: filled steps, a ribbon of spread, a line over them, or differences around a middle line.
// Bins narrower than a pixel are pooled into groups that stay with the genome, so that nothing flickers in a drag.

const SIGNAL_FILL = 0.72; // opacity of the area
const RIBBON_FILL = 0.55;
const SIGNED_FILL = 0.85;
const OUTLINE_FROM = 3; // CSS pixels a bin from which the area has an outline
const HALO_FROM = 5; // ... a line over the area has a halo of ground
const BELOW = 0.02; // of the top: less than that below 0 is no reason for an axis below it
const POOLS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];

const SIGNAL_ROW = {
  height: (row, view, sizes) => sizes[`signal_${row.height}`],

  top(row) {
    if (row.signed) {
      const most = tidyTop(Math.max(row.high, -row.low));
      return { low: -most, high: most };
    }
    const below = !row.log && row.low < -row.high * BELOW ? tidyTop(-row.low) : 0;
    return { low: -below, high: tidyTop(row.high) };
  },

  paint(pen, row, view, box, theme, range) {
    const scale = signalScale(row, box, range ?? SIGNAL_ROW.top(row, view));
    clipped(pen, box, () => {
      paintLevels(pen, theme, box, scale.ticks);
      const base = middleOfPixel(Math.min(scale.y(0), box.y + box.height - 1));
      penLine(pen, box.x, base, box.x + box.width, base, theme.rule);
      paintMissing(pen, theme, box, missingStretches(row, view, box), "", view.x(0));
      for (const piece of row.pieces) paintPiece(pen, row, piece, view, box, theme, scale);
    });
    paintAxis(pen, theme, box, scale.ticks);
  },

  pinned(pen, row, view, box, theme) {
    paintMissingWords(pen, theme, box, missingStretches(row, view, box), row.missing || "no values");
  },

  legend(row, view, theme) {
    const colour = assayColour(row, theme);
    const entries = [];
    const unit = row.log ? `${row.unit}, drawn as log10(1 + x)` : row.unit;
    if (unit) entries.push({ mark: "none", colour, text: unit });
    if (row.signed) {
      const [up, down] = row.signs;
      if (up) entries.push({ mark: "up", colour: theme.up, text: up });
      if (down) entries.push({ mark: "down", colour: theme.down, text: down });
    }
    if (row.second && row.second_name) {
      if (!row.signed) entries.push({ mark: "area", colour, text: row.first_name });
      entries.push({ mark: "line", colour: theme.second, text: row.second_name });
    }
    if (row.spread) entries.push({ mark: "ribbon", colour: theme.muted, text: "± spread" });
    const pool = row.pieces.length ? poolOf(row.pieces[0], view) : 1;
    const which = row.signed ? "furthest from 0" : "highest";
    if (pool > 1) entries.push({ mark: "none", colour, text: `${which} of ${pool} bins` });
    return entries;
  },

  read(row, bp) {
    const piece = row.pieces.find((one) => bp >= one.start && bp < one.end);
    const i = piece ? Math.min(Math.floor((bp - piece.start) / piece.bin), piece.bins - 1) : -1;
    const value = piece ? piece.values[i] : NaN;
    const bin = piece ? [piece.start + i * piece.bin, piece.start + (i + 1) * piece.bin] : null;
    const colour = assayColour(row, null);
    if (Number.isNaN(value)) return [{ label: "", value: row.missing || "no values", unit: "", colour, bin }];
    const spread = piece.spread ? ` ± ${exactText(Number(piece.spread[i].toPrecision(2)))}` : "";
    const sign = row.signed && value > 0 ? "+" : "";
    const [up, down] = row.signs;
    const unit = shortUnit(row.unit);
    let label = row.second && row.second_name ? row.first_name : "";
    if (row.signed) label = value > 0 ? up : value < 0 ? down : "";
    const found = [{ label, value: `${sign}${exactText(value)}${spread}`, unit, colour, bin }];
    const other = piece.second && exactText(piece.second[i]);
    if (other) found.push({ label: row.second_name, value: other, unit, colour: "second", bin });
    return found;
  },

  hit: (row) => ({ tooltip: "", pick: row.pieces.length ? { kind: "bin", name: "" } : null }),
};

/** What stands before the brackets of a unit. */
const shortUnit = (unit) => unit.split(" (")[0];

/** The colour of a row's assay; without a theme its role, "assay:CAGE", "up". */
function assayColour(row, theme) {
  if (!theme) return row.signed ? "up" : `assay:${row.assay}`;
  return theme.assays[row.assay] ?? theme.other;
}

const logHeight = (value) => (value > 0 ? Math.log10(1 + value) : 0);

/** {y(value), height(drawn), ticks}; `drawn` values are those on the axis, logarithms where the row is one of those. */
function signalScale(row, box, { low, high }) {
  const drawn = row.log && !row.signed ? logHeight : (value) => value;
  const [from, to] = [drawn(low), drawn(high)];
  const factor = box.height / (to - from || 1);
  const bottom = box.y + box.height + from * factor;
  const y = (value) => bottom - drawn(value) * factor;
  const values = [high, low, 0];
  if (row.log && !row.signed) {
    for (let power = 10 ** Math.floor(Math.log10(high)); power >= 1; power /= 10) if (power < high) values.push(power);
    if (high <= 1) values.push(high / 2);
  } else if (box.height >= 80 && !row.signed) values.push(high / 2);
  const ticks = [...new Set(values)].map((value) => ({ value, y: y(value), text: axisText(value) }));
  return { bottom, factor, y, ticks };
}

/** How many bins are drawn as one: the fewest that are a pixel wide. */
function poolOf(piece, view) {
  const needed = view.bpPerPx / piece.bin;
  if (needed <= 1) return 1;
  return POOLS.find((size) => size >= needed * 0.999) ?? POOLS.at(-1);
}

/** Heights as drawn of groups of bins: the highest, or of a signed row the furthest from 0; NaN where none is. */
function drawnHeights(piece, pool, log, signed) {
  const key = `${pool}|${log}|${signed}`;
  piece.drawn ??= new Map();
  const known = piece.drawn.get(key);
  if (known) return known;
  const { values, spread, second, bins } = piece;
  const groups = Math.ceil(bins / pool);
  const empty = () => new Float32Array(groups);
  const found = { values: empty(), lower: spread && empty(), upper: spread && empty(), second: second && empty() };
  const drawn = log && !signed ? logHeight : (value) => value;
  for (let group = 0; group < groups; group += 1) {
    const first = group * pool;
    const end = Math.min(first + pool, bins);
    const best = furthest(values, first, end, signed);
    found.values[group] = best < 0 ? NaN : drawn(values[best]);
    if (spread) {
      found.lower[group] = best < 0 ? NaN : drawn(values[best] - spread[best]);
      found.upper[group] = best < 0 ? NaN : drawn(values[best] + spread[best]);
    }
    if (second) {
      const other = furthest(second, first, end, signed);
      found.second[group] = other < 0 ? NaN : drawn(second[other]);
    }
  }
  if (piece.drawn.size > 8) piece.drawn.clear();
  piece.drawn.set(key, found);
  return found;
}

/** The index of the largest value, or of the largest in size; -1 where all are NaN. */
function furthest(values, first, end, signed) {
  let best = -1;
  let most = -Infinity;
  for (let i = first; i < end; i += 1) {
    const size = signed ? Math.abs(values[i]) : values[i];
    if (size > most) {
      most = size;
      best = i;
    }
  }
  return best;
}

/** Stretches of the box, in CSS pixels, that lie on the chromosome and have no value. */
function missingStretches(row, view, box) {
  const left = Math.max(view.x(0), box.x);
  const right = Math.min(view.x(view.contig_bp), box.x + box.width);
  const found = [];
  let known = left;
  for (const piece of row.pieces) {
    const [from, to] = [view.x(piece.start), view.x(piece.end)];
    if (to < left) continue;
    if (from > right) break;
    if (from - known > 0.5) found.push([known, from]);
    for (const [first, end] of piece.holes) {
      const a = view.x(piece.start + first * piece.bin);
      const b = view.x(piece.start + end * piece.bin);
      if (b > left && a < right) found.push([Math.max(a, left), Math.min(b, right)]);
    }
    known = Math.max(known, to);
  }
  if (right - known > 0.5) found.push([known, right]);
  return found;
}

/** Edges of the groups of bins in sight, and heights to CSS pixels, both on device pixels: quick to fill, and sharp. */
function stepsOf(piece, pool, count, view, box, theme, { bottom, factor }) {
  const width = pool * piece.bin;
  const ratio = theme.ratio ?? 1;
  const snap = snapTo(ratio);
  const first = Math.max(0, Math.floor((view.bp(box.x) - piece.start) / width) - 1);
  const end = Math.max(first, Math.min(count, Math.ceil((view.bp(box.x + box.width) - piece.start) / width) + 1));
  const edges = new Float64Array(end - first + 1);
  for (let i = first; i <= end; i += 1) edges[i - first] = snap(view.x(Math.min(piece.start + i * width, piece.end)));
  const base = snap(bottom);
  const y = (height) => Math.round((bottom - height * factor) * ratio) / ratio;
  // Lines lie on the middle of pixels, and inside the box where they are at its edges.
  const level = (height) => Math.min(Math.max(y(height), box.y), box.y + box.height - 1 / ratio) + 0.5 / ratio;
  return { edges, first, end, base, y, level, wide: width / view.bpPerPx };
}

function paintPiece(pen, row, piece, view, box, theme, scale) {
  if (view.x(piece.end) < box.x || view.x(piece.start) > box.x + box.width) return;
  const pool = poolOf(piece, view);
  const heights = drawnHeights(piece, pool, row.log, row.signed);
  const steps = stepsOf(piece, pool, heights.values.length, view, box, theme, scale);
  const colour = assayColour(row, theme);
  if (row.signed) {
    fillSteps(pen, heights.values, steps, theme.up, SIGNED_FILL, (height) => (height < 0 ? 0 : height));
    fillSteps(pen, heights.values, steps, theme.down, SIGNED_FILL, (height) => (height > 0 ? 0 : height));
    if (heights.upper) fillBetween(pen, heights.lower, heights.upper, steps, theme.muted, RIBBON_FILL);
  } else {
    fillSteps(pen, heights.values, steps, colour, SIGNAL_FILL);
    if (heights.upper) fillBetween(pen, heights.lower, heights.upper, steps, theme.muted, RIBBON_FILL);
    if (steps.wide >= OUTLINE_FROM || heights.upper) strokeSteps(pen, heights.values, steps, colour, 1);
  }
  if (heights.second) paintSecond(pen, heights.second, steps, theme);
}

/** The line over the area; where bins are wide and it is above 0, it is thicker and between lines of ground. */
function paintSecond(pen, heights, steps, theme) {
  const { first, end, base, y, wide } = steps;
  // (Thick lines of many steps are slow where there is no graphics card.)
  const raised = wide >= HALO_FROM ? heights.slice() : null;
  const flat = (i) => i < first || i >= end || base - y(heights[i]) < 1;
  for (let i = first; raised && i < end; i += 1) if (flat(i) && flat(i - 1) && flat(i + 1)) raised[i] = NaN;
  if (raised) {
    pen.save();
    pen.globalAlpha = 0.75;
    for (const by of [-1.5, 1.5]) strokeSteps(pen, raised, steps, theme.background, 1, by);
    pen.restore();
  }
  strokeSteps(pen, heights, steps, theme.second, 1);
  if (raised) strokeSteps(pen, raised, steps, theme.second, 2);
}

/** The area from 0 to each height; equal neighbours are one step. */
function fillSteps(pen, heights, { edges, first, end, base, y }, colour, opacity, part) {
  pen.save();
  pen.globalAlpha = opacity;
  pen.fillStyle = colour;
  pen.beginPath();
  for (let i = first; i < end; i += 1) {
    if (Number.isNaN(heights[i])) continue;
    pen.moveTo(edges[i - first], base);
    let level = base;
    for (; i < end && !Number.isNaN(heights[i]); i += 1) {
      const next = y(part ? part(heights[i]) : heights[i]);
      if (next === level) continue;
      pen.lineTo(edges[i - first], level);
      pen.lineTo(edges[i - first], next);
      level = next;
    }
    pen.lineTo(edges[i - first], level);
    pen.lineTo(edges[i - first], base);
  }
  pen.fill();
  pen.restore();
}

function fillBetween(pen, lower, upper, { edges, first, end, y }, colour, opacity) {
  pen.save();
  pen.globalAlpha = opacity;
  pen.fillStyle = colour;
  pen.beginPath();
  for (let i = first; i < end; i += 1) {
    if (Number.isNaN(upper[i])) continue;
    const start = i;
    while (i < end && !Number.isNaN(upper[i])) i += 1;
    pen.moveTo(edges[start - first], y(upper[start]));
    for (let at = start; at < i; at += 1) {
      pen.lineTo(edges[at - first], y(upper[at]));
      pen.lineTo(edges[at + 1 - first], y(upper[at]));
    }
    for (let at = i - 1; at >= start; at -= 1) {
      pen.lineTo(edges[at + 1 - first], y(lower[at]));
      pen.lineTo(edges[at - first], y(lower[at]));
    }
    pen.closePath();
  }
  pen.fill();
  pen.restore();
}

/** A line along the heights, `by` CSS pixels beside it. */
function strokeSteps(pen, heights, { edges, first, end, level }, colour, width, by = 0) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineJoin = "miter";
  pen.beginPath();
  for (let i = first; i < end; i += 1) {
    if (Number.isNaN(heights[i])) continue;
    let y = level(heights[i]) + by;
    pen.moveTo(edges[i - first] + by, y);
    for (; i < end && !Number.isNaN(heights[i]); i += 1) {
      const next = level(heights[i]) + by;
      if (next === y) continue;
      pen.lineTo(edges[i - first] + by, y);
      pen.lineTo(edges[i - first] + by, next);
      y = next;
    }
    pen.lineTo(edges[i - first] + by, y);
  }
  pen.stroke();
}
