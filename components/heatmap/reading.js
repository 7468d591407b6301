// From the payload and the page to values: arrays, colours, and what a cell says in words.

function decode(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

const floats = (text) => (text === null ? null : new Float32Array(decode(text).buffer));

const flags = (text, cells) => (text === null ? null : unpackBits(decode(text), cells));

/** The payload with its arrays unpacked: weights Float32Array, allowed Uint8Array or null. */
function readPayload(payload) {
  const cells = payload.shape[0] * payload.shape[1];
  const panels = payload.panels.map((panel) => ({
    title: panel.title,
    weights: floats(panel.weights),
    allowed: flags(panel.allowed, cells),
    place: panel.place === null ? null : new Uint16Array(decode(panel.place).buffer),
    before: floats(panel.before),
  }));
  return { ...payload, panels, masked: panels.some((panel) => panel.allowed) };
}

/** The exact weights of the locked row, of each panel, or null. */
function readLockedRow(payload) {
  const { locked_row: sent } = payload;
  if (!sent) return null;
  const panels = sent.panels.map((panel) => ({
    weights: floats(panel.weights), allowed: flags(panel.allowed, payload.tokens[1]), before: floats(panel.before),
  }));
  return { row: sent.row, panels };
}

/** The tokens that a model shows: [first query, end, first key, end]. */
function rangeOf(model) {
  return model.window ?? [0, model.tokens[0], 0, model.tokens[1]];
}

/** The part of a model inside a window, or null where it has not every cell of it. */
function cropModel(model, window) {
  const [top, bottom, left, right] = window;
  const [r0, r1, c0, c1] = rangeOf(model);
  if (model.pool[0] * model.pool[1] > 1 || top < r0 || bottom > r1 || left < c0 || right > c1) return null;
  const shape = [bottom - top, right - left];
  const cut = (array) => {
    if (!array) return array;
    const part = new array.constructor(shape[0] * shape[1]);
    for (let row = 0; row < shape[0]; row += 1) {
      const start = (top - r0 + row) * model.shape[1] + left - c0;
      part.set(array.subarray(start, start + shape[1]), row * shape[1]);
    }
    return part;
  };
  const panels = model.panels.map((panel) => ({
    ...panel, weights: cut(panel.weights), allowed: cut(panel.allowed), before: cut(panel.before),
  }));
  const digest = `${model.digest}:${window.join()}`;
  return { ...model, panels, shape, window, offset: [top, left], note: windowNote(window, model.tokens), digest };
}

const counted = (number) => number.toLocaleString("en-US");

function windowNote([top, bottom, left, right], [queries, keys]) {
  const rows = `${counted(top + 1)}–${counted(bottom)}`;
  const columns = `${counted(left + 1)}–${counted(right)}`;
  if (queries === keys) return `Showing queries ${rows}, keys ${columns} of ${counted(keys)}`;
  return `Showing queries ${rows} of ${counted(queries)}, keys ${columns} of ${counted(keys)}`;
}

function readTheme(root, context, model) {
  const theme = pageTheme(root, context, model.style);
  const ramp = model.scale === "signed" ? theme.colours.diverging : theme.colours.ramp;
  const lut = colourTable(ramp, LEVELS);
  return { ...theme, ramp, lut, inks: lut.map(inkOn) };
}

/** The winner of a cell, as tokens of the whole text. */
function winnerOf(model, { panel, row, column }) {
  const [tall, wide] = model.pool;
  const { place } = model.panels[panel];
  const winner = place ? place[row * model.shape[1] + column] : 0;
  return {
    query: model.offset[0] + row * tall + Math.floor(winner / wide),
    key: model.offset[1] + column * wide + (winner % wide),
  };
}

function spanText([first, last]) {
  return first === last ? counted(first + 1) : `${counted(first + 1)}–${counted(last + 1)}`;
}

/** The sentence about one pair: strings, {token}, {weight}. */
function pairParts(model, query, key, weight, before) {
  const lead = ["row (query) '", { token: model.labels.queries[query] }, "' → column (key) '", {
    token: model.labels.keys[key],
  }, "': "];
  if (before === null || before === undefined) return [...lead, { weight: weightText(weight, model) }];
  const change = `${before.toFixed(4)} → ${(before + weight).toFixed(4)}`;
  return [...lead, { weight: change }, ` (${signedText(weight, 4)})`];
}

function positionText(model, query, key) {
  const [queries, keys] = model.tokens;
  return `query ${counted(query + 1)} of ${counted(queries)}, key ${counted(key + 1)} of ${counted(keys)}`;
}

function exactText(weight) {
  return `exactly ${Number(weight.toPrecision(9))}`; // nine digits give a float32 back exactly
}

function maskedParts(model, query, key) {
  const [asks, asked] = [{ token: model.labels.queries[query] }, { token: model.labels.keys[key] }];
  if (!model.mask_label.startsWith("masked")) return ["'", asks, "' → '", asked, `': ${model.mask_label}`];
  return ["masked: '", asks, "' may not look at '", asked, "'"];
}

/** What the tooltip says about a cell: a sentence in parts, a detail, its tokens. */
function reading(model, at) {
  const { weights, allowed, place, before, title } = model.panels[at.panel];
  const index = at.row * model.shape[1] + at.column;
  const { query, key } = winnerOf(model, at);
  const rows = spanText(tokensOf(model, "queries", at.row));
  const columns = spanText(tokensOf(model, "keys", at.column));
  const where = title && model.panels.length > 1 ? `${title} · ` : "";
  const position = `${where}${positionText(model, query, key)}`;
  if (allowed && !allowed[index]) {
    if (!place) return { parts: maskedParts(model, query, key), detail: position, query, key };
    const sentence = model.mask_label.startsWith("masked")
      ? `masked: queries ${rows} may not look at keys ${columns}`
      : `queries ${rows}, keys ${columns}: ${model.mask_label}`;
    return { parts: [sentence], detail: title, query, key };
  }
  const weight = weights[index];
  const extreme = model.scale === "signed" ? "largest change" : "largest";
  const block = place ? `, the ${extreme} of queries ${rows} × keys ${columns}` : "";
  const parts = pairParts(model, query, key, weight, before?.[index]);
  return { parts, detail: `${position}${block}; ${exactText(weight)}`, query, key };
}

/**
 * A query's weights over all keys of the text, as far as they are known here.
 *
 * Returns {weights: Float32Array, NaN where unknown, allowed, before, known: "exact" | "part" | "about"}: "part"
 * of the keys, or "about", the largest of each block of queries and keys.
 */
function rowOf(model, lockedRow, panel, query) {
  if (lockedRow?.row === query) return { ...lockedRow.panels[panel], known: "exact" };
  const row = cellOf(model, "queries", query);
  if (row < 0) return null;
  const keys = model.tokens[1];
  const [columns, wide] = [model.shape[1], model.pool[1]];
  const { weights, allowed, before } = model.panels[panel];
  const start = row * columns;
  const pooled = model.pool[0] * wide > 1;
  const [, , left, right] = rangeOf(model);
  if (!pooled && left === 0 && right === keys) {
    const cut = (array) => (array ? array.subarray(start, start + columns) : null);
    return { weights: cut(weights), allowed: cut(allowed), before: cut(before), known: "exact" };
  }
  const found = {
    weights: new Float32Array(keys).fill(NaN), allowed: null, before: null, known: pooled ? "about" : "part",
  };
  if (allowed) found.allowed = new Uint8Array(keys).fill(1);
  if (before) found.before = new Float32Array(keys);
  for (let column = 0; column < columns; column += 1) {
    const { key } = winnerOf(model, { panel, row, column });
    const open = !allowed || allowed[start + column];
    if (open) found.weights[key] = weights[start + column];
    else {
      const [first, last] = tokensOf(model, "keys", column);
      found.allowed.fill(0, first, last + 1);
    }
    if (before) found.before[key] = before[start + column];
  }
  return found;
}

/** The weights that all queries of the text give a key, as far as they are known here; as rowOf says a row's. */
function columnOf(model, panel, key) {
  const column = cellOf(model, "keys", key);
  if (column < 0) return null;
  const [rows, columns] = model.shape;
  const { weights, allowed } = model.panels[panel];
  const pooled = model.pool[0] * model.pool[1] > 1;
  const found = { weights: new Float32Array(model.tokens[0]).fill(NaN), allowed: null, before: null };
  if (allowed) found.allowed = new Uint8Array(model.tokens[0]).fill(1);
  for (let row = 0; row < rows; row += 1) {
    const { query } = winnerOf(model, { panel, row, column });
    if (!allowed || allowed[row * columns + column]) found.weights[query] = weights[row * columns + column];
    else found.allowed[query] = 0;
  }
  return { ...found, known: pooled ? "about" : rows < model.tokens[0] ? "part" : "exact" };
}

/** The strongest keys of a row (queries of a column), [{key, weight}], largest first, each at least `least` from 0. */
function strongestKeys(row, most, least) {
  const found = [];
  for (let key = 0; key < row.weights.length; key += 1) {
    const weight = row.weights[key];
    if (!(Math.abs(weight) >= least) || (row.allowed && !row.allowed[key])) continue;
    if (found.length === most && Math.abs(weight) <= Math.abs(found[most - 1].weight)) continue;
    if (found.length === most) found.pop();
    let at = found.length;
    while (at > 0 && Math.abs(found[at - 1].weight) < Math.abs(weight)) at -= 1;
    found.splice(at, 0, { key, weight });
  }
  return found;
}
