// The sentence under the map. No DOM here: tokens become boxes on lines once a text and width; a row of
// weights becomes shapes over those boxes, which paint.js draws or writes as SVG.

/** A token as it is read: without the marks of the tokenizer, which say where spaces stand. */
function readable(label, spaced, dotted) {
  if (dotted && label.startsWith("·") && label.length > 1) return spaced ? label.slice(1) : label;
  if (!dotted && label.startsWith("##") && label.length > 2) return label.slice(2);
  return label;
}

/** Tokens of one axis on lines no wider than `width`: [{axis, index, text, x, width, line}]. */
function flowText(model, axis, width, measure) {
  const labels = model.labels[axis];
  const gaps = model.labels[axis === "queries" ? "query_gaps" : "key_gaps"];
  const size = model.style.sizes.strip_text;
  const dotted = labels.some((label) => label.startsWith("·"));
  const space = Math.max(4, measure(" ", size, 400));
  const pad = 1.5;
  const apart = (index) => (gaps[index] === "1" ? space - pad : 0.5);
  // A line ends after the last of its line marks.
  const ended = (index) => index > 0 && labels[index - 1].endsWith("⏎") && !labels[index].startsWith("⏎");
  const tokens = [];
  let line = 0;
  let x = 0;
  for (let start = 0; start < labels.length; ) {
    // The tokens of one word stay together where a line has room for them.
    const word = [];
    let long = 0;
    for (let index = start; index < labels.length; index += 1) {
      if (index > start && (gaps[index] === "1" || ended(index) || word.length === 12)) break;
      const whole = readable(labels[index], gaps[index] === "1", dotted);
      const text = shorten(whole, width - 2 * pad, (string) => measure(string, size, 400));
      const wide = Math.max(measure(text, size, 400), 3) + 2 * pad;
      word.push({ axis, index, text, width: wide, mark: text === "·" || /^⏎+$/.test(text) });
      long += wide + (index > start ? 0.5 : 0);
    }
    if (x > 0 && (ended(start) || x + apart(start) + long > width)) {
      line += 1;
      x = 0;
    }
    for (const token of word) {
      let at = x > 0 ? x + apart(token.index) : 0;
      if (at > 0 && at + token.width > width) {
        line += 1;
        at = 0;
      }
      tokens.push({ ...token, x: at, line });
      x = at + token.width;
    }
    start += word.length;
  }
  return { tokens, lines: line + 1 };
}

/**
 * Lay the text out: one block of lines where a text looks at itself, two where one looks at another.
 *
 * Returns {width, height, one, blocks: {queries, keys}}; a block is {tokens, lines: [top of each], bottom, name,
 * nameY}. The names stand outside, where no edge runs.
 */
function layoutSentence(model, room, measure) {
  const sizes = model.style.sizes;
  const width = Math.min(room, sizes.strip_width_max);
  const one = model.labels.one_text;
  const block = (axis, name, top, head) => {
    const { tokens, lines: count } = flowText(model, axis, width, measure);
    const between = count <= sizes.strip_few ? sizes.strip_between_few : sizes.strip_between;
    const lines = Array.from({ length: count }, (_, line) => top + head + line * (sizes.strip_box + between));
    return { tokens, lines, name, bottom: lines.at(-1) + sizes.strip_box };
  };
  const { query_name, key_name } = model.labels;
  const first = block("queries", one ? "" : query_name, 0, one ? sizes.strip_head : 20);
  const second = one
    ? first
    : block("keys", key_name, first.bottom + sizes.strip_texts_apart, 0);
  first.nameY = 13;
  second.nameY = second.bottom + 16;
  const height = Math.ceil(second.bottom + (one ? 6 : 22));
  return { width, height, one, blocks: { queries: first, keys: second } };
}

function boxOf(model, layout, axis, index) {
  const { tokens, lines } = layout.blocks[axis];
  const token = tokens[index];
  const y = lines[token.line];
  const { width } = token;
  return { x: token.x, y, width, height: model.style.sizes.strip_box, middle: token.x + width / 2, line: token.line };
}

/** The token at a point of the sentence, {axis, index}, or null; `slack` is how far beside it one may point. */
function tokenAt(model, layout, x, y, slack = 4) {
  const high = model.style.sizes.strip_box;
  for (const axis of layout.one ? ["queries"] : ["queries", "keys"]) {
    const { tokens, lines } = layout.blocks[axis];
    const line = lines.findIndex((top) => y >= top - slack && y < top + high + slack);
    if (line < 0) continue;
    const found = tokens.find((token) => token.line === line && x >= token.x - 2 && x <= token.x + token.width + 2);
    if (found) return { axis, index: found.index };
  }
  return null;
}

/** The colour level of an edge: that of its weight, but never too pale to see. */
function edgeLevel(model, weight) {
  const level = levelOf(weight, model);
  if (model.scale !== "signed") return Math.max(level, Math.round(LEVELS * 0.5));
  const middle = (LEVELS - 1) / 2;
  const least = Math.round(LEVELS * 0.22);
  return weight < 0 ? Math.min(level, middle - least) : Math.max(level, middle + least);
}

/** The curve from a query's box to a key's box. */
function edgePoints(model, layout, from, to) {
  const sizes = model.style.sizes;
  if (!layout.one) {
    const [y1, y2] = [from.y + from.height, to.y];
    const bend = (y2 - y1) * 0.5;
    return [from.middle, y1 + 1, from.middle, y1 + bend, to.middle, y2 - bend, to.middle, y2 - 1];
  }
  if (from.line === to.line) {
    const few = layout.blocks.queries.lines.length <= sizes.strip_few;
    const room = from.line === 0 ? sizes.strip_head : few ? sizes.strip_between_few : sizes.strip_between;
    const away = Math.abs(to.middle - from.middle);
    const high = Math.min((room - 3) / 0.75, 14 + away * 0.16);
    return [from.middle, from.y - 1, from.middle, from.y - 1 - high, to.middle, to.y - 1 - high, to.middle, to.y - 1];
  }
  const down = to.line > from.line;
  const [y1, y2] = down ? [from.y + from.height + 1, to.y - 1] : [from.y - 1, to.y + to.height + 1];
  const bend = Math.max(10, Math.abs(y2 - y1) * 0.45) * (down ? 1 : -1);
  return [from.middle, y1, from.middle, y1 + bend, to.middle, y2 - bend, to.middle, y2];
}

/** Shapes of the tokens on lines that lie between `from` and `to`. `row` (see rowOf) and `query` may be null. */
function sentenceShapes(model, theme, layout, { row, query, edges, pointed }, [from, to], measure) {
  const sizes = model.style.sizes;
  const shapes = [];
  const seen = (y) => y + sizes.strip_box + 4 >= from && y - sizes.strip_head <= to;
  const axes = layout.one ? ["queries"] : ["queries", "keys"];
  for (const axis of axes) {
    const { tokens, lines, name, nameY } = layout.blocks[axis];
    if (name) {
      shapes.push(textShape(0, nameY, name, sizes.tick, { weight: 600, colour: "muted" }));
    }
    const looked = layout.one || axis === "keys";
    for (const token of tokens) {
      const y = lines[token.line];
      if (!seen(y)) continue;
      let colour = token.mark ? "muted" : "text";
      const box = { kind: "box", x: token.x, y, width: token.width, height: sizes.strip_box };
      if (row && looked) {
        const closed = row.allowed && !row.allowed[token.index];
        const weight = row.weights[token.index];
        if (closed) colour = "muted";
        else if (!Number.isNaN(weight)) {
          const level = levelOf(weight, model);
          shapes.push({ ...box, fill: cssOf(theme.lut[level]) });
          colour = theme.inks[level];
        }
      }
      if (pointed && pointed.axis === axis && pointed.index === token.index) {
        shapes.push({ ...box, line: "muted", thick: 1 });
      }
      const middle = [token.x + token.width / 2, y + sizes.strip_box * 0.7];
      shapes.push(textShape(...middle, token.text, sizes.strip_text, { colour, align: "center" }));
    }
  }
  if (query === null || query === undefined) return shapes;
  const start = boxOf(model, layout, "queries", query);
  for (const { key, weight } of [...edges].reverse()) {
    if (layout.one && key === query) continue; // its number says it
    const end = boxOf(model, layout, layout.one ? "queries" : "keys", key);
    const share = Math.min(Math.abs(weight) / model.scale_max, 1);
    shapes.push({
      kind: "curve", points: edgePoints(model, layout, start, end), colour: cssOf(theme.lut[edgeLevel(model, weight)]),
      thick: sizes.strip_edge_thin + share * (sizes.strip_edge_thick - sizes.strip_edge_thin),
    });
  }
  shapes.push({ kind: "box", x: start.x, y: start.y, width: start.width, height: start.height, line: "text", thick: 2 });
  const taken = [];
  for (const { key, weight } of edges) {
    const end = boxOf(model, layout, layout.one ? "queries" : "keys", key);
    const text = shortWeight(weight, model);
    const half = measure(text, sizes.strip_number, 700) / 2 + 2;
    // At itself, arcs start in the middle.
    const wish = layout.one && key === query ? end.x + end.width : end.middle;
    const x = Math.max(half, Math.min(wish, layout.width - half));
    let y = end.y - 5;
    while (taken.some((other) => Math.abs(other.y - y) < 11 && Math.abs(other.x - x) < other.half + half)) y -= 12;
    taken.push({ x, y, half });
    shapes.push(textShape(x, y, text, sizes.strip_number, { weight: 700, align: "center", halo: 3.5 }));
  }
  return shapes;
}

/** The sentence as a figure of its own, for export: title, what it shows, text, legend and provenance. */
function sentenceFigure(model, theme, sentence, shown, measure) {
  const sizes = model.style.sizes;
  const room = Math.max(sentence.width, Math.min(sizes.width_min, sizes.strip_width_max));
  const shapes = [];
  let y = 0;
  const lines = (string, most, size, weight, colour, step) => {
    for (const line of wrap(string, [room], most, (part) => measure(part, size, weight))) {
      shapes.push(textShape(0, y + size, line, size, { weight, colour }));
      y += step;
    }
  };
  lines(model.title, 2, sizes.title, 600, "text", 23);
  lines(model.subtitle, 2, sizes.subtitle, 400, "muted", 19);
  lines(shown.sentence, 4, sizes.subtitle, 600, "text", 19);
  y += 10;
  shapes.push(...legendBar(model, room, measure).shapes(0, y));
  y += 40;
  const text = sentenceShapes(model, theme, sentence, { ...shown, pointed: null }, [-Infinity, Infinity], measure);
  for (const shape of text) {
    if (shape.kind === "curve") {
      shapes.push({ ...shape, points: shape.points.map((value, i) => (i % 2 ? value + y : value)) });
    } else shapes.push({ ...shape, y: shape.y + y });
  }
  y += sentence.height + 8;
  lines(model.provenance, 2, sizes.provenance, 400, "muted", 16);
  return { width: Math.ceil(room), height: Math.ceil(y + 2), shapes, title: model.title, description: shown.sentence };
}
