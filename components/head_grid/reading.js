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
  model.allowed = bits.length ? unpackBits(bits, cells) : null;
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

function readTheme(root, context, style) {
  const theme = pageTheme(root, context, style);
  const primary = cssOf(readColour(context, pageValue(root, "--st-primary-color", "#ff4b4b")));
  return { ...theme, primary, lut: colourTable(theme.colours.ramp, LEVELS) };
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
