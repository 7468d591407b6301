// What every letter would change the target by: four lanes of cells, A, C, G and T from the top, in colours of two signs
// around 0. From far each cell is the change furthest from 0 of its group of letters.

const MUTATION_LEVELS = 81; // colours, an odd number: the middle one is 0
const DOT_FROM = 3; // CSS pixels a letter from which the letter that is there has a dot

const MUTATION_ROW = {
  height: (row, view, sizes) => sizes[`mutation_${row.height}`],

  top(row) {
    const most = tidyEnd(Math.max(row.high, -row.low));
    return { low: -most, high: most };
  },

  paint(pen, row, view, box, theme, range) {
    const { high: most } = range ?? MUTATION_ROW.top(row);
    const lanes = Array.from("ACGT", (text, lane) => ({ text, y: box.y + ((lane + 0.5) * box.height) / 4 }));
    clipped(pen, box, () => {
      paintMissing(pen, theme, box, missingStretches(row, view, box), "", view.x(0));
      if (!row.length || view.x(row.start) > box.x + box.width || view.x(row.start + row.length) < box.x) return;
      paintMutationCells(pen, row, view, box, theme, most);
      if (1 / view.bpPerPx >= DOT_FROM) paintLettersThere(pen, row, view, box, theme);
    });
    paintLaneNames(pen, theme, box, lanes);
  },

  pinned: (pen, row, view, box, theme) => paintMissingWords(pen, theme, box, missingStretches(row, view, box), "not computed yet"),

  legend(row, view, theme) {
    const { high } = MUTATION_ROW.top(row);
    const entries = row.unit ? [{ mark: "none", colour: theme.text, text: row.unit }] : [];
    entries.push({ mark: "ramp", colours: theme.diverging, text: `−${axisText(high)} to +${axisText(high)}` });
    const pool = letterPool(view);
    if (pool > 1) entries.push({ mark: "none", colour: theme.text, text: `furthest from 0 of ${pool} letters` });
    if (1 / view.bpPerPx >= DOT_FROM) entries.push({ mark: "dot", colour: theme.text, text: "the letter that is there" });
    return entries;
  },

  read(row, bp, view) {
    const at = Math.floor(bp) - row.start;
    if (at < 0 || at >= row.length) return null;
    const unit = shortUnit(row.unit);
    const pool = view ? letterPool(view) : 1;
    const first = pool > 1 ? Math.floor((row.start + at) / pool) * pool : row.start + at;
    const bin = [first, first + pool];
    const found = [];
    for (let lane = 0; lane < 4; lane += 1) {
      const said = { label: BASES[lane], unit: lane === 3 ? unit : "", colour: `letter:${BASES[lane]}`, bin };
      const { high, low } = extremes(row, lane, first - row.start, first + pool - row.start);
      if (high < 0) {
        found.push({ ...said, value: "not computed yet", unit: "" });
        continue;
      }
      const [up, down] = [row.values[high * 4 + lane], row.values[low * 4 + lane]];
      const value = Math.abs(up) >= Math.abs(down) ? up : down;
      found.push({ ...said, value: pool === 1 && row.codes[at] === lane ? "is there" : signedText(value) });
    }
    if (found.every(({ value }) => value === "not computed yet")) return [{ ...found[0], label: "", colour: "muted" }];
    if (pool > 1) found[0].label = `furthest from 0 of ${pool}: A`;
    return found;
  },

  hit: (row) => ({ tooltip: "", pick: row.length ? { kind: "bin", name: "" } : null }),
};

/** Cells by their colour, all of one colour in one path. */
function paintMutationCells(pen, row, view, box, theme, most) {
  const pool = letterPool(view);
  const piece = pooledLetters(row, pool);
  const snap = snapTo(theme.ratio ?? 1);
  const first = Math.max(0, Math.floor((view.bp(box.x) - piece.start) / pool));
  const last = Math.min(piece.bins, Math.ceil((view.bp(box.x + box.width) - piece.start) / pool));
  const half = (MUTATION_LEVELS - 1) / 2;
  const cells = new Map();
  const edge = (bp) => snap(view.x(Math.min(Math.max(bp, row.start), row.start + row.length)));
  for (let lane = 0; lane < 4; lane += 1) {
    const [top, bottom] = [lane, lane + 1].map((one) => snap(box.y + (one * box.height) / 4));
    const { high, low } = piece.each[lane];
    for (let i = first; i < last; i += 1) {
      const level = levelOf(high[i], low[i], most, half);
      if (level === null) continue;
      const left = edge(piece.start + i * pool);
      while (i + 1 < last && levelOf(high[i + 1], low[i + 1], most, half) === level) i += 1;
      const right = edge(piece.start + (i + 1) * pool);
      if (right <= left) continue;
      if (!cells.has(level)) cells.set(level, []);
      cells.get(level).push([left, top, right - left, bottom - top]);
    }
  }
  const colours = mutationColours(theme);
  for (const [level, boxes] of cells) {
    pen.fillStyle = colours[level + half];
    pen.beginPath();
    for (const [x, y, wide, high] of boxes) pen.rect(x, y, wide, high);
    pen.fill();
  }
}

function levelOf(high, low, most, half) {
  if (Number.isNaN(high)) return null;
  const value = Math.abs(high) >= Math.abs(low) ? high : low;
  return Math.max(-half, Math.min(Math.round((value / most) * half), half));
}

function mutationColours(theme) {
  theme.mutations ??= colourTable(theme.diverging, MUTATION_LEVELS).map(cssOf);
  return theme.mutations;
}

/** A dot in the cell of the letter that is there. */
function paintLettersThere(pen, row, view, box, theme) {
  const first = Math.max(row.start, Math.floor(view.bp(box.x)));
  const last = Math.min(row.start + row.length, Math.ceil(view.bp(box.x + box.width)));
  const side = Math.max(1.5, Math.min(0.36 / view.bpPerPx, box.height / 4 / 2.6, 6));
  pen.fillStyle = theme.text;
  pen.beginPath();
  for (let bp = first; bp < last; bp += 1) {
    const code = row.codes[bp - row.start];
    if (code > 3 || Number.isNaN(row.values[(bp - row.start) * 4 + code])) continue;
    pen.rect(view.x(bp + 0.5) - side / 2, box.y + ((code + 0.5) * box.height) / 4 - side / 2, side, side);
  }
  pen.fill();
}

/** A, C, G and T in the gutter. */
function paintLaneNames(pen, theme, box, lanes) {
  const size = Math.min(theme.sizes.tick, box.height / 4 - 0.5);
  for (const { text, y } of lanes) {
    penText(pen, theme, text, box.x - 8, y, { size, weight: 600, colour: theme.letters[text], align: "right" });
  }
}
