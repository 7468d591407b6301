// What some bins attend to: a strip of weights on a square-root scale, so that small ones are seen beside large ones,
// and arcs to the strongest.

const ATTENTION_FILL = 0.62;
const ATTENTION_READ_ONLY = 0.3; // of the margins that the model reads and does not predict
const ARC_ROOM = 0.42; // of the height, for arcs; the strip has the rest

const ATTENTION_ROW = {
  height: (row, view, sizes) => sizes[`attention_${row.height}`],

  top: () => null,

  paint(pen, row, view, box, theme) {
    const [piece] = row.pieces;
    const strip = attentionStrip(row, box);
    clipped(pen, box, () => {
      paintMissing(pen, theme, box, missingStretches(row, view, box), "not read", view.x(0));
      paintMargins(pen, row, piece, view, box, theme);
      paintLooking(pen, row, view, box, theme);
      paintLevels(pen, theme, box, strip.ticks);
      paintWeights(pen, row, piece, view, box, theme, strip);
      paintArcs(pen, row, piece, view, box, theme, strip);
      const base = middleOfPixel(box.y + box.height - 1);
      penLine(pen, box.x, base, box.x + box.width, base, theme.rule);
    });
    paintAxis(pen, theme, { ...box, y: strip.top, height: box.y + box.height - strip.top }, strip.ticks);
  },

  pinned: paintElsewhere,

  legend(row, view, theme) {
    const entries = [{ mark: "none", colour: theme.attention, text: "share of the attention, square-root scale" }];
    entries.push({ mark: "patch", colour: theme.looking, text: "looks from here", opacity: 0.75 });
    if (row.pieces[0].baseline) entries.push({ mark: "dash", colour: theme.baseline, text: row.baseline_name });
    const opacity = ATTENTION_READ_ONLY;
    const margin = { mark: "patch", colour: theme.attention, text: "read, not predicted", opacity };
    if (row.seen) entries.push(margin);
    return entries;
  },

  read(row, bp) {
    const [piece] = row.pieces;
    const said = { label: "", unit: "", colour: "attention", bin: null };
    if (bp < piece.start || bp >= piece.end) return [{ ...said, value: "not read" }];
    const i = Math.min(Math.floor((bp - piece.start) / piece.bin), piece.bins - 1);
    const bin = [piece.start + i * piece.bin, piece.start + (i + 1) * piece.bin];
    const value = piece.values[i];
    if (Number.isNaN(value)) return [{ ...said, value: "no values", bin }];
    const even = value * piece.bins;
    const times = `${even >= 100 ? Math.round(even) : Number(even.toPrecision(2))} × an even share`;
    const found = [{ ...said, value: shareText(value), unit: times, bin }];
    const base = { ...said, label: row.baseline_name, colour: "baseline", bin };
    if (piece.baseline) found.push({ ...base, value: shareText(piece.baseline[i]) });
    return found;
  },

  hit(row, view, box, px, py) {
    const [piece] = row.pieces;
    const pick = { kind: "bin", name: "" };
    const strip = attentionStrip(row, box);
    const near = row.targets.find(({ bin, weight }) => {
      const x = view.x(piece.start + (bin + 0.5) * piece.bin);
      return Math.hypot(px - x, py - strip.y(weight)) < 7;
    });
    if (!near) return { tooltip: "", pick };
    const start = piece.start + near.bin * piece.bin;
    const away = Math.abs(start + piece.bin / 2 - (row.from[0] + row.from[1]) / 2);
    const where = `${toldSpan(row, start, start + piece.bin)}, ${lengthText(away)} away`;
    return { tooltip: `${shareText(near.weight)} of the attention goes to ${where}`, pick };
  },
};

/** {top, y(weight), ticks}: square roots from the bottom of the box up to the largest weight, made tidy. */
function attentionStrip(row, box) {
  const most = Math.min(tidyTop(row.top), 1);
  const height = box.height * (1 - ARC_ROOM) - 1;
  const bottom = box.y + box.height - 1;
  const y = (weight) => bottom - Math.sqrt(Math.max(weight, 0) / most) * height;
  const ticks = [most, most / 4, 0].map((value) => ({ value, y: y(value), text: shareText(value) }));
  return { top: bottom - height, bottom, y, ticks, most };
}

/** What was read and not predicted: a faint ground, and its name where it has room. */
function paintMargins(pen, row, piece, view, box, theme) {
  if (!row.seen) return;
  for (const [start, end] of [[piece.start, row.seen[0]], [row.seen[1], piece.end]]) {
    const [left, right] = [Math.max(view.x(start), box.x), Math.min(view.x(end), box.x + box.width)];
    if (right <= left) continue;
    pen.fillStyle = theme.hatch_fill;
    pen.fillRect(left, box.y, right - left, box.height);
    const edge = view.x(start === piece.start ? end : start);
    pen.save();
    pen.setLineDash([3, 3]);
    penLine(pen, middleOfPixel(edge), box.y, middleOfPixel(edge), box.y + box.height, theme.hatch_line);
    pen.restore();
  }
}

/** The bins that look: a band. */
function paintLooking(pen, row, view, box, theme) {
  const [left, right] = row.from.map((bp) => view.x(bp));
  const width = Math.max(right - left, 2);
  pen.save();
  pen.fillStyle = theme.looking;
  pen.globalAlpha = 0.22;
  pen.fillRect(left, box.y, width, box.height);
  pen.globalAlpha = 0.9;
  pen.fillRect(left, box.y + box.height - 4, width, 4);
  pen.restore();
}

/** Where the looking bins lie when they are out of sight. */
function paintElsewhere(pen, row, view, box, theme) {
  const middle = (row.from[0] + row.from[1]) / 2;
  const x = view.x(middle);
  if (x >= box.x && x <= box.x + box.width) return;
  const before = x < box.x;
  const away = lengthText(Math.abs(middle - view.bp(before ? box.x : box.x + box.width)));
  const said = before ? `← looks from ${away} further left` : `looks from ${away} further right →`;
  penText(pen, theme, said, before ? box.x + 6 : box.x + box.width - 6, box.y + 9, {
    size: theme.sizes.small, colour: theme.looking, align: before ? "left" : "right", halo: 4,
  });
}

function paintWeights(pen, row, piece, view, box, theme, strip) {
  const pool = poolOf(piece, view);
  const { roots, base } = rootsOf(piece, pool);
  const factor = (strip.bottom - strip.top) / Math.sqrt(strip.most);
  const steps = stepsOf(piece, pool, roots.length, view, box, theme, { bottom: strip.bottom, factor });
  if (steps.end <= steps.first) return;
  const seen = row.seen ?? [piece.start, piece.end];
  const inside = { ...box, x: Math.max(view.x(seen[0]), box.x) };
  inside.width = Math.max(0, Math.min(view.x(seen[1]), box.x + box.width) - inside.x);
  if (row.seen) fillSteps(pen, roots, steps, theme.attention, ATTENTION_READ_ONLY);
  clipped(pen, inside, () => fillSteps(pen, roots, steps, theme.attention, ATTENTION_FILL));
  if (steps.wide >= OUTLINE_FROM) strokeSteps(pen, roots, steps, theme.attention, 1);
  if (!base) return;
  pen.save();
  pen.setLineDash([3, 2.5]);
  strokeSteps(pen, base, steps, theme.baseline, 1);
  pen.restore();
}

/** Square roots of the largest weight and the largest baseline of each group of bins. */
function rootsOf(piece, pool) {
  piece.roots ??= new Map();
  if (piece.roots.has(pool)) return piece.roots.get(pool);
  const pooled = (values) => {
    if (!values) return null;
    const found = new Float32Array(Math.ceil(piece.bins / pool));
    for (let group = 0; group < found.length; group += 1) {
      const best = furthest(values, group * pool, Math.min((group + 1) * pool, piece.bins), false);
      found[group] = best < 0 ? NaN : Math.sqrt(Math.max(values[best], 0));
    }
    return found;
  };
  if (piece.roots.size > 8) piece.roots.clear();
  piece.roots.set(pool, { roots: pooled(piece.values), base: pooled(piece.baseline) });
  return piece.roots.get(pool);
}

/** Arcs from the middle of the looking bins to the tops of the strongest targets; the heavier, the thicker. */
function paintArcs(pen, row, piece, view, box, theme, strip) {
  const middle = (row.from[0] + row.from[1]) / 2;
  const from = view.x(middle);
  const foot = strip.top + 2;
  const { targets, strongest } = row;
  const placeOf = (bin) => piece.start + (bin + 0.5) * piece.bin;
  const far = Math.max(1, ...targets.map(({ bin }) => Math.abs(placeOf(bin) - middle)));
  const ends = targets.map(({ bin, weight }) => ({
    x: view.x(placeOf(bin)), y: strip.y(weight) - 1, weight, reach: Math.abs(placeOf(bin) - middle) / far,
  }));
  pen.save();
  pen.lineCap = "round";
  for (const { x, y, weight, reach } of [...ends].reverse()) {
    const share = weight / strongest;
    const peak = box.y + 6 + (foot - box.y - 14) * (1 - Math.sqrt(reach));
    pen.globalAlpha = 0.35 + 0.6 * share;
    pen.strokeStyle = theme.looking;
    pen.lineWidth = 0.9 + 2.1 * share;
    pen.beginPath();
    pen.moveTo(from, foot);
    // The top of such a curve lies three quarters of the way from its feet to its handles.
    const lift = (end) => end - (end - peak) * (4 / 3);
    pen.bezierCurveTo(from, lift(foot), x, lift(Math.min(foot, y)), x, y);
    pen.stroke();
    pen.globalAlpha = 1;
    pen.fillStyle = theme.looking;
    pen.fillRect(x - 2, y - 2, 4, 4);
  }
  pen.restore();
  paintArcShares(pen, ends, box, theme);
}

/** The shares of the strongest, beside where their arcs end, as far as they do not touch. */
function paintArcShares(pen, ends, box, theme) {
  const size = theme.sizes.tick;
  const taken = [];
  for (const { x, y, weight } of ends) {
    if (taken.length >= 5 || x < box.x || x > box.x + box.width) continue;
    const text = shareText(weight);
    const width = textWidth(theme, text, size, 600);
    const left = x + 6 + width > box.x + box.width ? x - 6 - width : x + 6;
    const place = { left, right: left + width, top: y - 2, bottom: y + size };
    if (taken.some((one) => place.left < one.right + 4 && one.left < place.right + 4
      && place.top < one.bottom && one.top < place.bottom)) continue;
    taken.push(place);
    const level = Math.min(y + size / 2, box.y + box.height - size / 2);
    penText(pen, theme, text, left, level, { size, weight: 600, halo: 3 });
  }
}
