// From the payload and the page to values: arrays, colours, and what a cell says in words.

function decode(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The payload with its arrays unpacked: weights Float32Array, allowed Uint8Array or null. */
function readPayload(payload) {
  const cells = payload.shape[0] * payload.shape[1];
  const panels = payload.panels.map((panel) => {
    const bits = panel.allowed === null ? null : decode(panel.allowed);
    const allowed = bits && Uint8Array.from({ length: cells }, (_, i) => (bits[i >> 3] >> (7 - (i & 7))) & 1);
    const place = panel.place === null ? null : new Uint16Array(decode(panel.place).buffer);
    return { title: panel.title, weights: new Float32Array(decode(panel.weights).buffer), allowed, place };
  });
  return { ...payload, panels, masked: panels.some((panel) => panel.allowed) };
}

/** Any CSS colour as [red, green, blue], by way of one canvas pixel. */
function readColour(context, css) {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = css;
  context.fillRect(0, 0, 1, 1);
  return Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3));
}

function readTheme(root, context, style) {
  const css = getComputedStyle(root);
  const value = (name, fallback) => {
    const found = css.getPropertyValue(name).trim();
    return found && found !== "unset" ? found : fallback;
  };
  const background = readColour(context, value("--st-background-color", "#ffffff"));
  const text = readColour(context, value("--st-text-color", "#31333f"));
  const mix = (share) => `rgb(${text.map((t, c) => Math.round(t * share + background[c] * (1 - share))).join(",")})`;
  const light = 0.2126 * background[0] + 0.7152 * background[1] + 0.0722 * background[2];
  const colours = light < 128 ? style.dark : style.light;
  const page = value("--st-font", "");
  return {
    background: `rgb(${background.join(",")})`,
    text: mix(1),
    muted: mix(style.muted_share),
    frame: mix(0.38),
    font: page ? `${page}, ${style.font_stack}` : style.font_stack,
    colours,
    lut: colourTable(colours.ramp),
  };
}

/** What the tooltip says about a cell: a sentence in parts (strings, {token}, {weight}), a detail, its tokens. */
function reading(model, { panel, row, column }) {
  const { weights, allowed, place, title } = model.panels[panel];
  const [tall, wide] = model.pool;
  const [queries, keys] = model.tokens;
  const index = row * model.shape[1] + column;
  const span = (start, size, all) => {
    const end = Math.min(start + size, all);
    return end - start === 1 ? `${start + 1}` : `${start + 1}–${end}`;
  };
  const winner = place ? place[index] : 0;
  const query = row * tall + Math.floor(winner / wide);
  const key = column * wide + (winner % wide);
  const asks = { token: model.labels.queries[query] };
  const asked = { token: model.labels.keys[key] };
  const where = title && model.panels.length > 1 ? `${title} · ` : "";
  if (allowed && !allowed[index]) {
    if (!place) {
      return {
        parts: ["masked: '", asks, "' may not look at '", asked, "'"],
        detail: `${where}query ${query + 1} of ${queries}, key ${key + 1} of ${keys}`,
        query,
        key,
      };
    }
    const rows = span(row * tall, tall, queries);
    const columns = span(column * wide, wide, keys);
    return { parts: [`masked: queries ${rows} may not look at keys ${columns}`], detail: title, query, key };
  }
  const weight = weights[index];
  const number = weight > 0 && weight < 0.00005 ? "< 0.0001" : weight.toFixed(4);
  const block = place
    ? `, the largest of queries ${span(row * tall, tall, queries)} × keys ${span(column * wide, wide, keys)}`
    : "";
  return {
    parts: ["row (query) '", asks, "' → column (key) '", asked, "': ", { weight: number }],
    // Nine digits give a float32 back exactly.
    detail: `${where}query ${query + 1} of ${queries}, key ${key + 1} of ${keys}${block}; exactly ${Number(weight.toPrecision(9))}`,
    query,
    key,
  };
}
