// Where everything goes. No DOM here: a model and the room there is become a list of shapes, which paint.js
// draws on a canvas or writes as SVG, so an exported picture is the picture on the screen.

/** Ticks of the colour bar, [share of its length, text]. */
function ticks(model) {
  const shared = model.scale === "shared";
  if (model.log) {
    return Array.from({ length: model.log + 1 }, (_, i) => {
      const share = 10 ** (i - model.log);
      if (shared) return [i / model.log, `${i ? "" : "≤ "}${numberText(model.top * share)}`];
      return [i / model.log, `${i ? "" : "≤ "}${numberText(100 * share)} %`];
    });
  }
  if (!shared) return [0, 0.25, 0.5, 0.75, 1].map((share) => [share, share ? `${100 * share} %` : "0"]);
  return roundSteps(model.top, 4).map((value) => [value / model.top, numberText(value)]);
}

/** Side of a thumbnail in device pixels: a whole number a token where that costs little room. */
function wholeCells(pixels, cells) {
  const whole = cells * Math.floor(pixels / cells);
  return whole >= pixels * 0.84 ? whole : pixels;
}

/** Width and height of a thumbnail in CSS pixels whose longer side is about `side`. */
function thumbSize(model, side, ratio) {
  const [queries, keys] = model.tokens;
  const tall = Math.min(Math.max(queries / keys, 0.4), 2.5);
  const along = (length, cells) => wholeCells(wholePixels(length, ratio), cells) / ratio;
  return [
    along(side * Math.min(1, 1 / tall), model.shape[1]),
    along(side * Math.min(1, tall), model.shape[0]),
  ];
}

/**
 * Lay the figure out.
 *
 * space: {width, windowHeight, ratio (device pixels a CSS pixel)}. measure(text, size, weight): CSS pixels.
 * Returns {width, height, thumb: [width, height], shapes, cells: [{x, y, row, column}] one a head,
 * flow (whether they follow one another), rows, columns, rowLabels, columnLabels}.
 */
function layoutGrid(model, space, measure) {
  const sizes = model.style.sizes;
  // One after the other with a caption each: by score, or where a layer has a single map.
  const flow = model.order === "score" || model.columns.length === 1;
  const label = (string, weight = 400) => measure(string, sizes.label, weight);
  const widest = (strings, weight) => Math.max(0, ...strings.map((string) => label(string, weight)));
  const snap = snapTo(space.ratio);
  const top = header(model, space, measure);

  const caption = (head) => {
    if (model.order !== "score") return model.rows[head.slot[0]].label;
    return `${head.short}${head.score ? ` · ${head.score}` : ""}`;
  };
  const count = { rows: model.rows.length, columns: model.columns.length };
  const extra = { rows: model.rows.some((lane) => lane.extra), columns: model.columns.some((lane) => lane.extra) };
  const left = flow ? 0 : Math.ceil(widest(model.rows.map((lane) => lane.label), 700)) + 10;
  const gap = flow ? sizes.flow_gap : sizes.gap;
  let side;
  if (flow) {
    const wanted = Math.max(sizes.flow_thumb, widest(model.heads.map(caption), 700));
    const fitting = Math.max(1, Math.floor((space.width + gap) / (wanted + gap)));
    count.columns = Math.min(fitting, model.heads.length);
    count.rows = Math.ceil(model.heads.length / count.columns);
    side = Math.min(sizes.thumb_max, (space.width - 1 + gap) / fitting - gap);
  } else {
    const spare = (name) => (count[name] - 1) * gap + (extra[name] ? sizes.apart - gap : 0);
    const across = (space.width - left - spare("columns") - 2) / count.columns;
    const tall = Math.min(1, model.tokens[0] / model.tokens[1]);
    const fit = space.windowHeight * sizes.window_share - top.height - 60;
    const down = (fit - spare("rows")) / count.rows / tall;
    const wanted = Math.max(down, sizes.thumb_comfortable);
    side = Math.max(sizes.thumb_min, Math.min(sizes.thumb_max, across, wanted));
  }
  const [wide, high] = thumbSize(model, side, space.ratio);
  const shapes = [...top.shapes];
  const text = (...parts) => {
    const shape = textShape(...parts);
    shapes.push(shape);
    return shape;
  };

  const pitch = { x: (flow ? Math.max(wide, side) : wide) + gap, y: high + (flow ? sizes.caption + 6 : gap) };
  const apart = (lanes, index) => (!flow && lanes[index]?.extra ? sizes.apart - gap : 0);
  const xOf = (column) => snap(left + 1 + column * pitch.x + apart(model.columns, column));
  // "Head 11" over each column where it fits, else "Head" once and the numbers alone.
  const full = widest(model.columns.map((lane) => lane.label), 700) <= pitch.x - 4;
  const start = top.height + (flow ? 2 : 22);
  const yOf = (row) => snap(start + row * pitch.y + apart(model.rows, row));

  const rowLabels = [];
  const columnLabels = [];
  if (!flow) {
    const numbers = !full && widest(model.columns.map((lane) => lane.short), 700) <= pitch.x - 2;
    if (!full) text(left - 9, start - 7, "Head", sizes.label, { align: "right", colour: "muted" });
    model.columns.forEach((lane, i) => {
      const string = full ? lane.label : numbers ? lane.short : shorten(lane.short, pitch.x, label);
      columnLabels.push(text(xOf(i) + wide / 2, start - 7, string, sizes.label, { align: "center" }));
    });
    model.rows.forEach((lane, i) => {
      const middle = yOf(i) + high / 2 + sizes.label * 0.34;
      rowLabels.push(text(left - 9, middle, lane.label, sizes.label, { align: "right" }));
    });
  }
  const cells = model.heads.map((head, index) => {
    const [row, column] = flow ? [Math.floor(index / count.columns), index % count.columns] : head.slot;
    const cell = { x: xOf(column), y: yOf(row), row, column };
    shapes.push({ kind: "thumb", head: index, x: cell.x, y: cell.y, width: wide, height: high });
    if (flow) {
      const string = shorten(caption(head), Math.max(pitch.x - 4, wide), label);
      cell.label = text(cell.x, cell.y + high + 15, string, sizes.label);
    }
    return cell;
  });

  const right = Math.max(...cells.map((cell) => cell.x)) + wide + 2;
  let y = Math.max(...cells.map((cell) => cell.y)) + high + (flow ? sizes.caption : 0) + 12;
  const width = Math.ceil(Math.max(right, Math.min(space.width, sizes.width_min)));
  const lines = (string) => measure(string, sizes.provenance, 400);
  for (const line of wrap(model.provenance, [Math.min(width, space.width)], 3, lines)) {
    text(0, y + 11, line, sizes.provenance, { colour: "muted" });
    y += 16;
  }
  return {
    width, height: Math.ceil(y + 2), thumb: [wide, high], shapes, cells, rowLabels, columnLabels,
    flow, rows: count.rows, columns: count.columns,
  };
}

/** Title, subtitle and colour bar. */
function header(model, space, measure) {
  const sizes = model.style.sizes;
  const shapes = [];
  const text = (...shape) => shapes.push(textShape(...shape));
  const size = (name, weight) => (string) => measure(string, sizes[name], weight);
  const room = space.width;
  let y = 0;
  const title = wrap(model.title, [room - 100, room], 2, size("title", 600));
  for (const line of title) {
    text(0, y + 17, line, sizes.title, { weight: 600 });
    y += 23;
  }
  if (!title.length) y += 23; // the download buttons sit on this line
  const second = size("subtitle", 400);
  for (const line of [...wrap(model.subtitle, [room], 2, second), ...wrap(model.note, [room], 1, second)]) {
    text(0, y + 13, line, sizes.subtitle, { colour: "muted" });
    y += 19;
  }
  y += 8;
  const share = model.scale === "own" ? ", share of each head's largest" : "";
  const unit = `${model.unit}${share}${model.log ? " (log colours)" : ""}`;
  const x = measure(unit, sizes.legend, 400) + 12;
  const bar = Math.min(sizes.ramp_width * (model.log ? 1.3 : 1), Math.max(80, room - x - 60));
  text(0, y + 10, unit, sizes.legend);
  shapes.push({ kind: "ramp", x, y, width: bar, height: sizes.ramp_height });
  let end = x + bar;
  const half = (string) => measure(string, sizes.tick, 400) / 2;
  const spanOf = ([part, string]) => [x + part * bar - half(string), x + part * bar + half(string)];
  for (const [part, string] of itemsApart(ticks(model), spanOf)) {
    const at = x + part * bar;
    const bottom = y + sizes.ramp_height;
    shapes.push({ kind: "line", x1: at, y1: bottom, x2: at, y2: bottom + 4, colour: "muted" });
    text(at, bottom + 15, string, sizes.tick, { colour: "muted", align: "center" });
    end = Math.max(end, at + half(string));
  }
  const notes = [];
  if (model.allowed) notes.push(["mask", "masked (not allowed)"]);
  if (model.heads.some((head) => head.off)) notes.push(["crossed", "switched off"]);
  let across = end + 26;
  for (const [kind, string] of notes) {
    const wide = 22 + measure(string, sizes.legend, 400);
    if (across + wide > room) {
      across = 1;
      y += 36;
    }
    shapes.push({ kind, x: across, y: y - 2, width: 15, height: 15 });
    text(across + 22, y + 10, string, sizes.legend);
    across += wide + 22;
  }
  return { shapes, height: y + 38 };
}
