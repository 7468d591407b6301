// Text that fits its room, and round numbers. No DOM here: `measure(text)` is a width in CSS pixels.

const graphemes = typeof Intl !== "undefined" && Intl.Segmenter ? new Intl.Segmenter() : null;

function letters(text) {
  return graphemes ? Array.from(graphemes.segment(text), (part) => part.segment) : Array.from(text);
}

/** The text, or its longest beginning no wider than `room`; `ended` gives a beginning its ellipsis. */
function shorten(text, room, measure, ended = (beginning) => `${beginning}…`) {
  if (measure(text) <= room) return text;
  const parts = letters(text);
  const beginning = (count) => ended(parts.slice(0, count).join(""));
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(beginning(middle)) <= room) low = middle;
    else high = middle - 1;
  }
  return beginning(low);
}

/** Lines no wider than their room (one a line, the last for all further); the last of `most` is shortened. */
function wrap(text, rooms, most, measure, ended) {
  const lines = [];
  let words = text.split(" ").filter(Boolean);
  while (words.length && lines.length < most) {
    const room = rooms[Math.min(lines.length, rooms.length - 1)];
    let count = 1;
    while (count < words.length && measure(words.slice(0, count + 1).join(" ")) <= room) count += 1;
    if (lines.length === most - 1) count = words.length;
    lines.push(shorten(words.slice(0, count).join(" "), room, measure, ended));
    words = words.slice(count);
  }
  return lines;
}

/** A sentence of strings, {token} and {weight}, as plain text. */
function partsText(parts) {
  return parts.map((part) => (typeof part === "string" ? part : part.token ?? part.weight)).join("");
}

function numberText(value) {
  return String(Number(value.toPrecision(3)));
}

function tickText(value) {
  return numberText(value).replace("-", "−");
}

/** About `count` round steps from 0 to `top`, which is always the last one. */
function roundSteps(top, count) {
  const rough = top / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const steps = [];
  for (let value = 0; value < top - step * 0.55; value += step) steps.push(value);
  return [...steps, top];
}

/** Every item, or every second, third ... of them, with the last: the most whose texts do not touch. */
function itemsApart(items, spanOf) {
  for (let every = 1; every < items.length; every += 1) {
    if ((items.length - 1) % every) continue;
    const some = items.filter((_, i) => i % every === 0);
    const spans = some.map(spanOf);
    if (spans.every(([start], i) => !i || start >= spans[i - 1][1] + 5)) return some;
  }
  return items.slice(-1);
}
