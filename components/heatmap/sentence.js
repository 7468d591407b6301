// The sentence under the map. No DOM here: tokens become boxes on lines once a text and width; a row of
// weights becomes shapes over those boxes, which paint.js draws or writes as SVG.

const MARGIN = 1.5; // of a token's box around its letters

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
  const lone = (index) => dotted && labels[index] === "·"; // a space that is a token
  // A line ends after the last of its line marks.
  const ended = (index) => index > 0 && labels[index - 1].endsWith("⏎") && !labels[index].startsWith("⏎");
  // The pieces of a word touch, so that it is read as one; only its ends have a margin.
  const joined = (index) => index > 0 && index < labels.length && gaps[index] !== "1" && !ended(index);
  const apart = (index) => (joined(index) ? 0 : space - MARGIN);
  const tokens = [];
  let line = 0;
  let x = 0;
  for (let start = 0; start < labels.length; ) {
    // The tokens of one word stay together where a line has room for them.
    const word = [];
    let long = 0;
    for (let index = start; index < labels.length; index += 1) {
      if (index > start && (gaps[index] === "1" || ended(index) || word.length === 12 || lone(index))) break;
      const whole = readable(labels[index], index === 0 || gaps[index] === "1", dotted);
      const text = lone(index) ? " " : shorten(whole, width - 2 * MARGIN, (string) => measure(string, size, 400));
      const [before, after] = [joined(index) ? 0 : MARGIN, joined(index + 1) ? 0 : MARGIN];
      const letters = lone(index) ? space : Math.max(measure(text, size, 400), 3);
      const token = { axis, index, text, width: before + letters + after, mark: /^⏎+$/.test(text) };
      word.push({ ...token, centre: before + letters / 2, joins: after === 0 });
      long += token.width;
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
    const within = (more) => (token) =>
      token.line === line && x >= token.x - more && x < token.x + token.width + more;
    const found = tokens.find(within(0)) ?? tokens.find(within(2));
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

/**
 * Shapes of the tokens on lines that lie between `from` and `to`. `row` (see rowOf) and `query` may be null; with
 * `key` it is a column (see columnOf) that is shown.
 */
function sentenceShapes(model, theme, layout, { row, query, key = null, edges, pointed }, [from, to], measure) {
  const sizes = model.style.sizes;
  const shapes = [];
  const seen = (y) => y + sizes.strip_box + 4 >= from && y - sizes.strip_head <= to;
  const axes = layout.one ? ["queries"] : ["queries", "keys"];
  for (const axis of axes) {
    const { tokens, lines, name, nameY } = layout.blocks[axis];
    if (name) {
      shapes.push(textShape(0, nameY, name, sizes.tick, { weight: 600, colour: "muted" }));
    }
    const tinted = layout.one || axis === (key === null ? "keys" : "queries");
    for (const token of tokens) {
      const y = lines[token.line];
      if (!seen(y)) continue;
      let colour = token.mark ? "muted" : "text";
      const box = { kind: "box", x: token.x, y, width: token.width - (token.joins ? 1 : 0), height: sizes.strip_box };
      if (row && tinted) {
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
      const middle = [token.x + token.centre, y + sizes.strip_box * 0.7];
      shapes.push(textShape(...middle, token.text, sizes.strip_text, { colour, align: "center" }));
    }
  }
  if ((query ?? key ?? null) === null) return shapes;
  const start = key === null ? boxOf(model, layout, "queries", query) : boxOf(model, layout, "keys", key);
  const other = layout.one || key !== null ? "queries" : "keys";
  for (const { key: token, weight } of [...edges].reverse()) {
    if (layout.one && token === query) continue; // its number says it
    const end = boxOf(model, layout, other, token);
    const ends = key === null ? [start, end] : [end, start];
    const share = Math.min(Math.abs(weight) / model.scale_max, 1);
    shapes.push({
      kind: "curve", points: edgePoints(model, layout, ...ends), colour: cssOf(theme.lut[edgeLevel(model, weight)]),
      thick: sizes.strip_edge_thin + share * (sizes.strip_edge_thick - sizes.strip_edge_thin),
    });
  }
  const { x: left, y: top, width: across, height: high } = start;
  shapes.push({ kind: "box", x: left - 1, y: top, width: across + 2, height: high, line: "text", thick: 2 });
  const taken = [];
  // Over the tokens looked at; under those that look.
  const [away, step] = key === null ? [-5, -12] : [sizes.strip_box + 12, 12];
  for (const { key: token, weight } of edges) {
    const end = boxOf(model, layout, other, token);
    const text = shortWeight(weight, model);
    const half = measure(text, sizes.strip_number, 700) / 2 + 2;
    // At itself, arcs start in the middle.
    const wish = layout.one && token === query ? end.x + end.width : end.middle;
    const x = Math.max(half, Math.min(wish, layout.width - half));
    let y = end.y + away;
    while (taken.some((other) => Math.abs(other.y - y) < 11 && Math.abs(other.x - x) < other.half + half)) y += step;
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
  const legend = legendBar(model, room, measure);
  shapes.push(...legend.shapes(0, y));
  y += legend.height + 2;
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
