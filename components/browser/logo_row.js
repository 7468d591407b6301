// Contributions of letters. From far an area from the lowest to the highest of each group of letters; nearer a bar a
// letter; and letters as tall as their number where they have room. All three have one axis, so a zoom changes no
// height. Letters below the middle line stand on their heads, as logomaker and dynseq draw them.

const LOGO_AREA = 0.8; // opacity
const LOGO_BAR = 0.9;
const LOGO_LEAST = 1.5; // CSS pixels: lower letters are bars, which look the same

const LOGO_ROW = {
  height: (row, view, sizes) => sizes[`logo_${row.height}`],

  top(row, view) {
    const known = row.scaling === "seen" && view ? rangeInView(row, view) : row;
    const high = known.high > 0 ? tidyEnd(known.high) : 0;
    const low = known.low < 0 ? tidyEnd(-known.low) : 0;
    if (!high && !low) return { low: 0, high: 1 };
    const least = Math.max(high, low) / 12; // a sliver for a sign of which there is little
    return { low: low ? -Math.max(low, least) : 0, high: high ? Math.max(high, least) : 0 };
  },

  paint(pen, row, view, box, theme, range) {
    const scale = logoScale(box, range ?? LOGO_ROW.top(row, view));
    clipped(pen, box, () => {
      paintLevels(pen, theme, box, scale.ticks);
      const middle = middleOfPixel(Math.min(scale.y(0), box.y + box.height - 1));
      penLine(pen, box.x, middle, box.x + box.width, middle, theme.rule);
      paintMissing(pen, theme, box, missingStretches(row, view, box), "", view.x(0));
      if (!row.length || view.x(row.start) > box.x + box.width || view.x(row.start + row.length) < box.x) return;
      const wide = 1 / view.bpPerPx;
      if (wide < theme.sizes.block_wide) paintLogoArea(pen, row, view, box, theme, scale);
      else paintLogoLetters(pen, row, view, box, theme, scale, wide >= theme.sizes.logo_wide);
    });
    paintAxis(pen, theme, box, scale.ticks);
  },

  pinned: (pen, row, view, box, theme) => paintMissingWords(pen, theme, box, missingStretches(row, view, box), "not computed"),

  legend(row, view, theme) {
    const entries = row.unit ? [{ mark: "none", colour: theme.text, text: row.unit }] : [];
    const wide = 1 / view.bpPerPx;
    if (wide < theme.sizes.block_wide) {
      const pool = letterPool(view);
      const of = pool > 1 ? ` of ${pool} letters` : "";
      entries.push({ mark: "up", colour: theme.up, text: pool > 1 ? `highest${of}` : "raises" });
      entries.push({ mark: "down", colour: theme.down, text: pool > 1 ? `lowest${of}` : "lowers" });
      return entries;
    }
    for (const base of "ACGT") entries.push({ mark: "patch", colour: theme.letters[base], text: base });
    if (wide >= theme.sizes.logo_wide) entries.push({ mark: "none", colour: theme.text, text: "upside down: lowers" });
    return entries;
  },

  /** Of one letter, or where the view pools letters, of the highest and the lowest of those under the line. */
  read(row, bp, view) {
    const at = Math.floor(bp) - row.start;
    if (at < 0 || at >= row.length) return null;
    const unit = shortUnit(row.unit);
    const pool = view ? letterPool(view) : 1;
    if (pool <= 1) {
      const bin = [row.start + at, row.start + at + 1];
      const letter = BASES[row.codes[at]];
      const value = row.values[at];
      const said = { label: letter, unit, colour: `letter:${letter}`, bin };
      return [Number.isNaN(value) ? { ...said, value: "not computed", unit: "" } : { ...said, value: signedText(value) }];
    }
    const first = Math.floor((row.start + at) / pool) * pool;
    const bin = [first, first + pool];
    const { high, low } = extremes(row, 0, first - row.start, first + pool - row.start);
    if (high < 0) return [{ label: "", value: "not computed", unit: "", colour: "muted", bin }];
    const told = (i, name) => ({
      label: `${name}: ${BASES[row.codes[i]]}`, value: signedText(row.values[i]), unit: "",
      colour: `letter:${BASES[row.codes[i]]}`, bin,
    });
    return [told(high, `highest of ${pool}`), { ...told(low, "lowest"), unit }];
  },

  hit: (row) => ({ tooltip: "", pick: row.length ? { kind: "bin", name: "" } : null }),
};

/** {low, high} of the letters in view. */
function rangeInView(row, view) {
  let [low, high] = [0, 0];
  const end = Math.min(Math.ceil(view.end) - row.start, row.length);
  for (let i = Math.max(Math.floor(view.start) - row.start, 0); i < end; i += 1) {
    if (row.values[i] > high) high = row.values[i];
    if (row.values[i] < low) low = row.values[i];
  }
  return { low, high };
}

/** {y(value), bottom, factor, ticks} between the lowest and the highest of the axis. */
function logoScale(box, { low, high }) {
  const factor = box.height / (high - low || 1);
  const bottom = box.y + box.height + low * factor;
  const y = (value) => bottom - value * factor;
  const ticks = [...new Set([high, low, 0])].map((value) => ({ value, y: y(value), text: axisText(value) }));
  return { bottom, factor, y, ticks };
}

function paintLogoArea(pen, row, view, box, theme, scale) {
  const pool = letterPool(view);
  const piece = pooledLetters(row, pool);
  const steps = stepsOf(piece, 1, piece.bins, view, box, theme, scale);
  const [{ high, low }] = piece.each;
  const snap = snapTo(theme.ratio ?? 1);
  // The groups at the ends reach beyond the letters.
  for (const [i, bp] of [[0, row.start], [piece.bins, row.start + row.length]]) {
    if (i >= steps.first && i <= steps.end) steps.edges[i - steps.first] = snap(view.x(bp));
  }
  fillSteps(pen, high, steps, theme.up, LOGO_AREA, (value) => (value < 0 ? 0 : value));
  fillSteps(pen, low, steps, theme.down, LOGO_AREA, (value) => (value > 0 ? 0 : value));
}

/** Bars, or letters; all of one base in one path. */
function paintLogoLetters(pen, row, view, box, theme, scale, lettered) {
  const first = Math.max(row.start, Math.floor(view.bp(box.x)));
  const last = Math.min(row.start + row.length, Math.ceil(view.bp(box.x + box.width)));
  const room = lettered ? Math.min(0.04 / view.bpPerPx, 1) : 0;
  const foot = scale.y(0);
  for (let code = 0; code < BASES.length; code += 1) {
    let any = false;
    pen.beginPath();
    for (let bp = first; bp < last; bp += 1) {
      const value = row.values[bp - row.start];
      if (row.codes[bp - row.start] !== code || !value || Number.isNaN(value)) continue;
      any = true;
      const [left, right] = [view.x(bp) + room, view.x(bp + 1) - room];
      const head = scale.y(value);
      if (lettered && Math.abs(head - foot) >= LOGO_LEAST) addGlyph(pen, BASES[code], left, right, foot, head);
      else pen.rect(left, Math.min(foot, head), right - left, Math.abs(head - foot));
    }
    if (!any) continue;
    pen.save();
    pen.globalAlpha = lettered ? 1 : LOGO_BAR;
    pen.fillStyle = theme.letters[BASES[code]];
    pen.fill();
    pen.restore();
  }
}
