// From the payload's rows to what the painters read: typed arrays, largest values, lanes that stay.

/** What a view remembers of rows from one payload to the next. */
function createRowMemory() {
  return { rows: new Map(), pieces: new Map(), lanes: new Map() };
}

/**
 * The rows, decoded; what has the digest of something known is that very object. Forgets what is gone. `mirror`: the
 * chromosome's length where the reverse strand is read, else 0.
 */
function decodeRows(rows, memory, mirror = 0) {
  const known = { rows: new Map(), pieces: new Map() };
  const decoded = rows.map((row) => {
    const digest = mirror ? mirrorDigest(row.digest, mirror) : row.digest;
    let found = memory.rows.get(digest);
    if (!found) {
      found = decodeRow(row, memory, known);
      if (mirror) found = mirrorRow(found, mirror);
    }
    for (const piece of found.pieces ?? []) if (piece.digest) known.pieces.set(piece.digest, piece.forward ?? piece);
    known.rows.set(digest, found);
    return found;
  });
  memory.rows = known.rows;
  memory.pieces = known.pieces;
  const ids = new Set(rows.map((row) => row.id));
  for (const id of memory.lanes.keys()) if (!ids.has(id)) memory.lanes.delete(id);
  return decoded;
}

function decodeRow(row, memory, known) {
  if (row.kind === "signal" || row.kind === "attention") {
    const pieces = row.pieces.map((piece) => memory.pieces.get(piece.digest) ?? known.pieces.get(piece.digest)
      ?? decodePiece(piece));
    return row.kind === "signal" ? { ...row, pieces, ...rangeOfPieces(pieces) } : decodeAttention({ ...row, pieces });
  }
  if (row.kind === "genes") {
    if (!memory.lanes.has(row.id)) memory.lanes.set(row.id, createLanes());
    return { ...row, genes: sortedByStart(row.genes), lanes: memory.lanes.get(row.id), shown: {} };
  }
  if (row.kind === "regions") return { ...row, regions: sortedByStart(row.regions), longest: longestOf(row.regions) };
  if (row.kind === "logo" || row.kind === "mutations") return decodeLetters(row);
  if (row.kind === "motifs") return decodeMotifs(row);
  return row;
}

function unpackFloats(text) {
  if (text === null || text === undefined) return null;
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  if (new Uint8Array(new Uint32Array([1]).buffer)[0] === 1) return new Float32Array(bytes.buffer);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: raw.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

function decodePiece({ start, bin, bins, digest, ...packed }) {
  const [values, spread, second, baseline] = ["values", "spread", "second", "baseline"].map((name) =>
    unpackFloats(packed[name]));
  let low = 0; // of values and lines: a ribbon below 0 is only a spread
  let high = 0;
  for (let i = 0; i < bins; i += 1) {
    const more = spread ? spread[i] : 0;
    if (values[i] + more > high) high = values[i] + more; // a comparison with NaN is false
    if (values[i] < low) low = values[i];
    if (second && second[i] > high) high = second[i];
    if (second && second[i] < low) low = second[i];
  }
  return {
    start, bin, bins, digest, end: start + bin * bins, values, spread, second, baseline, low, high,
    holes: holesOf(values),
  };
}

/** Runs of bins without a value, [first, end]. */
function holesOf(values) {
  const holes = [];
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isNaN(values[i])) continue;
    const first = i;
    while (i < values.length && Number.isNaN(values[i])) i += 1;
    holes.push([first, i]);
  }
  return holes;
}

function rangeOfPieces(pieces) {
  return {
    low: Math.min(0, ...pieces.map((piece) => piece.low)),
    high: Math.max(0, ...pieces.map((piece) => piece.high)),
    spread: pieces.some((piece) => piece.spread),
    second: pieces.some((piece) => piece.second),
  };
}

const ARCS = 10; // drawn to as many targets at most
const ARC_SHARE = 0.12; // of the strongest weight: no arc to weaker ones

/** The strongest targets of the looking bins: peaks, at least `near` bins apart, none of the looking bins. */
function decodeAttention(row) {
  const [piece] = row.pieces;
  const { values, start, bin, bins } = piece;
  const [from, to] = row.from.map((bp) => (bp - start) / bin);
  let top = 0;
  let total = 0;
  for (let i = 0; i < bins; i += 1) {
    if (values[i] > 0) total += values[i];
    if (values[i] > top) top = values[i];
  }
  const near = Math.max(2, Math.round(bins / 300));
  const order = Array.from({ length: bins }, (_, i) => i)
    .filter((i) => values[i] > 0 && (i + 1 <= from - 1 || i >= to + 1))
    .sort((a, b) => values[b] - values[a] || a - b);
  const strongest = order.length ? values[order[0]] : 0;
  const targets = [];
  for (const i of order) {
    if (targets.length >= ARCS || values[i] < strongest * ARC_SHARE) break;
    if (targets.every((other) => Math.abs(other.bin - i) >= near)) targets.push({ bin: i, weight: values[i] });
  }
  return { ...row, targets, top, total, strongest };
}

const sortedByStart = (marks) => [...marks].sort((a, b) => a.start - b.start || a.end - b.end);
const longestOf = (marks) => marks.reduce((most, mark) => Math.max(most, mark.end - mark.start), 0);

/** The first mark, sorted by start and none longer than `longest`, that can reach `bp`. */
function firstReaching(marks, longest, bp) {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle].start + longest < bp) low = middle + 1;
    else high = middle;
  }
  return low;
}
