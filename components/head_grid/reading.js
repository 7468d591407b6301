// From the payload and the page to values: thumbnails, colours, and what a head says in words.

const LEVELS = 256;
const TOP_LEVEL = 254; // level of a head's peak; 255 is above it

/**
 * The blob unpacked: the header with `allowed` (Uint8Array or null) and each head's `levels` (Uint8Array).
 * It lies at any offset of the message it came in, so nothing wider than a byte may view it.
 */
function readPayload(bytes) {
  const start = 4 + new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const model = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  const cells = model.shape[0] * model.shape[1];
  const bits = bytes.subarray(start, start + model.mask_bytes);
  model.allowed = bits.length ? Uint8Array.from({ length: cells }, (_, i) => (bits[i >> 3] >> (7 - (i & 7))) & 1) : null;
  const pixels = bytes.slice(start + model.mask_bytes);
  model.heads.forEach((head, i) => { head.levels = pixels.subarray(i * cells, (i + 1) * cells); });
  return model;
}

/** The weight that a level stands for. */
function weightOf(model, head, level) {
  if (level > TOP_LEVEL) return head.largest;
  if (!model.log) return (level / TOP_LEVEL) * head.peak;
  return level ? head.peak * 10 ** ((-model.log * (TOP_LEVEL - level)) / (TOP_LEVEL - 1)) : 0;
}

/** Where a weight lies on the colour scale that ends at `top`: 0 to 1. */
function shareOf(model, weight, top) {
  if (!(weight > 0) || !(top > 0)) return 0;
  const share = model.log ? 1 + Math.log10(weight / top) / model.log : weight / top;
  return Math.min(Math.max(share, 0), 1);
}

/** Index into the colour table for each level of this head. */
function coloursOf(model, head) {
  const top = model.scale === "own" ? head.peak : model.top;
  return Uint8Array.from({ length: LEVELS }, (_, level) =>
    Math.round(shareOf(model, weightOf(model, head, level), top) * (LEVELS - 1)));
}

function parseHex(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** 256 colours of a ramp of equally spaced stops, each [red, green, blue]. */
function colourTable(ramp) {
  const stops = ramp.map(parseHex);
  return Array.from({ length: LEVELS }, (_, level) => {
    const place = (level / (LEVELS - 1)) * (stops.length - 1);
    const index = Math.min(Math.floor(place), stops.length - 2);
    return stops[index].map((from, c) => Math.round(from + (stops[index + 1][c] - from) * (place - index)));
  });
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
    primary: `rgb(${readColour(context, value("--st-primary-color", "#ff4b4b")).join(",")})`,
    font: page ? `${page}, ${style.font_stack}` : style.font_stack,
    colours,
    lut: colourTable(colours.ramp),
  };
}

function numberText(value) {
  return String(Number(value.toPrecision(3)));
}

/** What the tooltip says: the head's name, its role, and a detail in parts (strings and {token}). */
function reading(model, head) {
  const parts = [];
  if (head.score) parts.push(`${model.score_name} ${head.score} · `);
  if (head.peak > 0) {
    parts.push(`largest ${model.unit} ${numberText(head.peak)}`);
    if (head.pair.length === 2) parts.push(": '", { token: head.pair[0] }, "' → '", { token: head.pair[1] }, "'");
    else parts.push(`: query ${head.at[0] + 1} → key ${head.at[1] + 1}`);
  } else parts.push(`every ${model.unit} is 0`);
  const off = head.off ? " (switched off)" : "";
  return { name: `${head.name}${off}`, role: head.role, parts };
}
