// Rows that go letter by letter: two bits a letter and half-precision numbers to typed arrays, and their largest and
// smallest in groups of letters for views in which a letter is narrower than a pixel.

const BASES = "ACGTN"; // code 4: not known
const COMPLEMENT = [3, 2, 1, 0, 4];
let halves = null; // of all 65,536 half-precision numbers, made once

function halfTable() {
  if (halves) return halves;
  halves = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits += 1) {
    const [exponent, part] = [(bits >> 10) & 31, bits & 1023];
    let size = exponent ? (1 + part / 1024) * 2 ** (exponent - 15) : (part / 1024) * 2 ** -14;
    if (exponent === 31) size = part ? NaN : Infinity;
    halves[bits] = bits & 32_768 ? -size : size;
  }
  return halves;
}

/** Numbers of base64 of little-endian float16, times `scale`. */
function unpackHalves(text, scale) {
  const raw = atob(text);
  const table = halfTable();
  const found = new Float32Array(raw.length / 2);
  for (let i = 0; i < found.length; i += 1) {
    found[i] = table[raw.charCodeAt(2 * i) | (raw.charCodeAt(2 * i + 1) << 8)] * scale;
  }
  return found;
}

/** Codes of letters, 0 to 4, of base64 of two bits each. */
function unpackBases(text, length, unknown) {
  const raw = atob(text);
  const codes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) codes[i] = (raw.charCodeAt(i >> 2) >> (2 * (i & 3))) & 3;
  for (const [start, end] of unknown) codes.fill(4, start, end);
  return codes;
}

/** A row of the kind "logo" (one number a letter) or "mutations" (four), decoded. */
function decodeLetters({ bases, unknown, runs, values: packed, scale, ...row }) {
  const each = row.kind === "logo" ? 1 : 4;
  const sent = unpackHalves(packed, scale);
  const values = new Float32Array(row.length * each).fill(NaN);
  let at = 0;
  for (const [start, end] of runs) {
    values.set(sent.subarray(at, at + (end - start) * each), start * each);
    at += (end - start) * each;
  }
  return lettersOf({ ...row, codes: unpackBases(bases, row.length, unknown), values });
}

/** With its range, its holes as `pieces`, and a place for what is pooled. */
function lettersOf(row) {
  const { start, length, codes, values } = row;
  const each = row.kind === "logo" ? 1 : 4;
  let [low, high] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] > high) high = values[i]; // a comparison with NaN is false
    if (values[i] < low) low = values[i];
  }
  const holes = [];
  const missing = (i) => {
    for (let k = i * each; k < (i + 1) * each; k += 1) if (Number.isNaN(values[k])) return true;
    return false;
  };
  for (let i = 0; i < length; i += 1) {
    if (!missing(i)) continue;
    const first = i;
    while (i < length && missing(i)) i += 1;
    holes.push([first, i]);
  }
  const pieces = length ? [{ start, end: start + length, bin: 1, bins: length, holes }] : [];
  return { ...row, codes, low, high, pieces, tiers: new Map() };
}

/** As the reverse strand of a chromosome of `contigBp` reads it. */
function mirrorLetters(row, contigBp) {
  const { length } = row;
  const codes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) codes[i] = COMPLEMENT[row.codes[length - 1 - i]];
  return lettersOf({
    ...row, codes, start: contigBp - row.start - length,
    values: row.values.slice().reverse(), // of four numbers a letter this makes T, G, C, A of A, C, G, T too
  });
}

/** How many letters are drawn as one: the fewest that are a pixel wide. */
function letterPool(view) {
  return view.bpPerPx <= 1 ? 1 : POOLS.find((size) => size >= view.bpPerPx * 0.999) ?? 2 ** Math.ceil(Math.log2(view.bpPerPx));
}

/**
 * Highest and lowest of groups of `pool` letters, which lie at multiples of `pool` of the genome so that nothing
 * flickers in a drag: {start, end, bin, bins, each: [{high, low}]}; NaN where a group has no number. Kept by tier.
 */
function pooledLetters(row, pool) {
  const known = row.tiers.get(pool);
  if (known) return known;
  const lanes = row.kind === "logo" ? 1 : 4;
  const { start, length } = row;
  const first = Math.floor(start / pool);
  const groups = length ? Math.floor((start + length - 1) / pool) - first + 1 : 0;
  // From the tier of half as many letters, where there is one: together all tiers cost as much as two.
  const finer = pool > 3 && pool % 2 === 0 ? pooledLetters(row, pool / 2) : null;
  const parts = finer ? { at: finer.start / finer.bin, count: finer.bins, of: 2 } : { at: start, count: length, of: pool };
  const each = Array.from({ length: lanes }, (_, lane) => {
    const [highs, lows] = finer ? [finer.each[lane].high, finer.each[lane].low] : [row.values, row.values];
    const [step, shift] = finer ? [1, 0] : [lanes, lane];
    const [high, low] = [new Float32Array(groups), new Float32Array(groups)];
    for (let group = 0; group < groups; group += 1) {
      const from = Math.max((first + group) * parts.of - parts.at, 0);
      const to = Math.min((first + group + 1) * parts.of - parts.at, parts.count);
      let [most, least] = [-Infinity, Infinity];
      for (let i = from; i < to; i += 1) {
        if (highs[i * step + shift] > most) most = highs[i * step + shift]; // a comparison with NaN is false
        if (lows[i * step + shift] < least) least = lows[i * step + shift];
      }
      high[group] = most === -Infinity ? NaN : most;
      low[group] = most === -Infinity ? NaN : least;
    }
    return { high, low };
  });
  const found = { start: first * pool, end: (first + groups) * pool, bin: pool, bins: groups, each };
  row.tiers.set(pool, found); // there are some twenty tiers at most, together twice the row's numbers
  return found;
}

/** Where the highest and the lowest of a group of letters are: {high, low} as index, -1 where nothing is known. */
function extremes(row, lane, from, to) {
  const lanes = row.kind === "logo" ? 1 : 4;
  let [high, low] = [-1, -1];
  for (let i = Math.max(from, 0); i < Math.min(to, row.length); i += 1) {
    const value = row.values[i * lanes + lane];
    if (Number.isNaN(value)) continue;
    if (high < 0 || value > row.values[high * lanes + lane]) high = i;
    if (low < 0 || value < row.values[low * lanes + lane]) low = i;
  }
  return { high, low };
}

/** A tidy end of an axis; what rounding to half precision added is no reason for the next larger one. */
const tidyEnd = (value) => tidyTop(value * (1 - 1 / 2048));

/** Three digits, as much as half precision carries, with its sign. */
function signedText(value) {
  const text = exactText(Number(value.toPrecision(3)));
  return value > 0 ? `+${text}` : text;
}
