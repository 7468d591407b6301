// Where everything goes. No DOM here: a payload and the room there is become a list of shapes, which
// paint.js draws on a canvas or writes as SVG, so an exported picture is the picture on the screen.

const GAP = 26; // between panels
const MAP_SIDE = 512; // cells; a side of more tokens is pooled
const LABEL_GAP = 7; // between labels and cells
const SLANT = (-55 * Math.PI) / 180;
const STRIDES = [2, 5, 10, 20, 25, 50, 100, 200, 500, 1000]; // every so many labels
const NARROW = 560; // CSS pixels; words of narrower figures take more lines
const NUMBERED_ABOVE = 80; // tokens; above, labels are thinned and carry their number

/** The first and the last token of cell `index` of an axis, counted in the whole text. */
function tokensOf(model, axis, index) {
  const side = axis === "queries" ? 0 : 1;
  const [size, first] = [model.pool[side], model.offset[side]];
  const end = model.window ? model.window[2 * side + 1] : model.tokens[side];
  return [first + index * size, Math.min(first + (index + 1) * size, end) - 1];
}

/** The token whose label stands for cell `index`: the last of a pooled block, so that numbers are round. */
function tokenOf(model, axis, index) {
  return tokensOf(model, axis, index)[index === 0 ? 0 : 1];
}

/** The cell of a token, or -1 where the picture does not show it. */
function cellOf(model, axis, token) {
  const side = axis === "queries" ? 0 : 1;
  const cell = Math.floor((token - model.offset[side]) / model.pool[side]);
  return cell >= 0 && cell < model.shape[side] ? cell : -1;
}

/** A token's label, numbered from 1 where there are many; the token is kept from reordering its number. */
function labelText(model, axis, token) {
  const text = model.labels[axis][token];
  return model.labels[axis].length > NUMBERED_ABOVE ? `${token + 1} \u2068${text}\u2069` : text;
}

/** "Query: the token that looks" with an arrow, or "Query" with an arrow where there is less room. */
function axisTitle(name, room, measure) {
  const full = `${name} →`;
  return measure(full) <= room ? full : `${name.split(":")[0]} →`;
}

/**
 * Columns of panels and side of a cell. Of all numbers of columns take, where cells are comfortable,
 * the lowest figure; else the largest cells.
 */
function chooseGrid(model, space, fixed) {
  const sizes = model.style.sizes;
  const [queries, keys] = model.shape;
  const count = model.panels.length;
  let best = null;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    if (rows > 1 && Math.ceil(count / rows) < columns) continue; // an empty column
    const tall = fixed.height + rows * fixed.rowHeight + (rows - 1) * GAP;
    const wide = fixed.left + fixed.right + (columns - 1) * GAP;
    const capped = rows > 1 ? sizes.grid_height_max : sizes.height_max;
    const cap = space.height ?? capped;
    const fit = space.height ?? Math.min(cap, space.windowHeight * sizes.window_share - space.below);
    const perHeight = (room) => (room - tall) / (rows * queries);
    // A part of a map may fill the room that the whole map takes.
    const comfortable = Math.min(perHeight(cap), Math.max(sizes.cell_comfortable, (space.side ?? 0) / queries));
    const wanted = Math.max(perHeight(fit), comfortable);
    const exact = Math.min(sizes.cell_max, (space.width - wide) / (columns * keys), wanted);
    // Whole device pixels: cells of equal size and sharp edges, at least one pixel each.
    const cell = wholePixels(exact, space.ratio) / space.ratio;
    const height = tall + rows * queries * cell;
    const fits = wide + columns * keys * cell <= space.width;
    const score = [fits, Math.min(cell, sizes.cell_readable), -(height + (count % columns ? 40 : 0))];
    const differs = best ? score.findIndex((value, i) => value !== best.score[i]) : 0;
    if (!best || (differs >= 0 && score[differs] > best.score[differs])) best = { columns, rows, cell, score };
  }
  return best;
}

/**
 * Lay the figure out.
 *
 * space: {width, height (most, or null), windowHeight, below (taken under the figure), ratio (device pixels a
 * CSS pixel)}.
 * measure(text, size, weight): width in CSS pixels.
 * Returns {width, height, cell, shapes, panels: [{x, y, width, height, labels}], rowLabel(panel, row, strong),
 * columnLabel(panel, column, strong)}; the label functions return text shapes, whose `patch` is the length
 * to cover before drawing them over plain labels.
 */
function layoutFigure(model, space, measure) {
  const sizes = model.style.sizes;
  const [queries, keys] = model.shape;
  const longest = (axis) => {
    // Of the whole text, so that a part of it has as much room for labels.
    const count = model.labels[axis].length;
    let most = 0;
    for (let i = 0; i < count; i += Math.ceil(count / 600)) {
      most = Math.max(most, measure(labelText(model, axis, i), sizes.label_max, 400));
    }
    return most;
  };
  const step = (length) => sizes.label_lengths.find((room) => room >= length) ?? sizes.label_lengths.at(-1);
  const longestKey = longest("keys");
  const rowSpace = step(longest("queries"));
  const columnSpace = step(longestKey);

  const shapes = [];
  const text = (...shape) => shapes.push(textShape(...shape));

  // Header and footer are as high at every width but for lines that wrap.
  const minWidth = Math.min(space.width, sizes.width_min);
  const titled = model.panels.some((panel) => panel.title);
  const panelHead = (titled ? 20 : 0) + 19;
  const axisRoom = 20;
  const header = (width) => {
    const size = (name, weight) => (string) => measure(string, sizes[name], weight);
    return {
      title: wrap(model.title, [width - (model.window ? 200 : 100), width], width < NARROW ? 3 : 2, size("title", 600)),
      subtitle: wrap(model.subtitle, [width], width < NARROW ? 4 : 2, size("subtitle", 400)),
      note: wrap(model.note, [width], width < NARROW ? 2 : 1, size("subtitle", 400)),
      provenance: wrap(model.provenance, [width], width < NARROW ? 4 : 2, size("provenance", 400)),
    };
  };
  const legend = (width) => {
    const bar = legendBar(model, width, measure);
    const mask = model.masked ? measure(model.mask_label, sizes.legend, 400) + 24 : 0;
    const below = mask > 0 && bar.width + 40 + mask > width;
    return { ...bar, mask, below, height: bar.height + (below ? 24 : 0) };
  };
  const above = (parts, width) =>
    Math.max(1, parts.title.length) * 23 + (parts.subtitle.length + parts.note.length) * 19 + legend(width).height + 10;
  const guess = header(space.width);
  const fixedFor = (labels) => ({
    left: labels.left,
    right: labels.right,
    height: above(guess, space.width) + 14 + guess.provenance.length * 16,
    rowHeight: panelHead + labels.columnHeight + LABEL_GAP,
  });

  // Labels: flat where every one fits over its column, else slanted, upright where columns are narrow.
  const labelsAt = (side) => {
    const all = side >= sizes.label_min - 0.01;
    const stride = all ? 1 : STRIDES.find((every) => every * side >= sizes.thin_pitch) ?? STRIDES.at(-1);
    const font = all ? Math.max(sizes.label_min, Math.min(sizes.label_max, side * 0.92)) : sizes.label_thinned;
    const rowRoom = Math.ceil((rowSpace * font) / sizes.label_max);
    const columnRoom = Math.ceil((columnSpace * font) / sizes.label_max);
    const flat = longestKey + 9 <= side;
    const angle = flat ? 0 : side >= sizes.cell_readable ? SLANT : -Math.PI / 2;
    return {
      stride, font, rowRoom, columnRoom, flat, angle,
      left: axisRoom + rowRoom + LABEL_GAP,
      right: flat ? 12 : Math.max(12, columnRoom * Math.cos(angle)),
      columnHeight: flat ? font + 4 : columnRoom * Math.sin(-angle) + font * 0.5 * Math.cos(angle),
    };
  };
  // Cells decide the room for labels and labels the room for cells: ask for slanted labels of full
  // size, then once more with what those cells need, and take the larger cells if all still fits.
  const widest = { ...labelsAt(sizes.cell_readable), left: axisRoom + rowSpace + LABEL_GAP };
  if (model.window) {
    const whole = { ...model, shape: model.tokens.map((count) => Math.ceil(count / Math.ceil(count / MAP_SIDE))) };
    space = { ...space, side: whole.shape[0] * chooseGrid(whole, space, fixedFor(widest)).cell };
  }
  let grid = chooseGrid(model, space, fixedFor(widest));
  const again = chooseGrid(model, space, fixedFor(labelsAt(grid.cell)));
  const [was, would] = [labelsAt(grid.cell), labelsAt(again.cell)];
  if (again.cell > grid.cell && would.left <= was.left && would.right <= was.right) grid = again;
  const { columns, cell } = grid;
  const { stride, font, rowRoom, columnRoom, flat, angle, left, right, columnHeight } = labelsAt(cell);
  const panelWidth = keys * cell;
  const panelHeight = queries * cell;
  const content = left + columns * panelWidth + (columns - 1) * GAP + right;
  const width = Math.ceil(Math.max(content, minWidth));
  const snap = snapTo(space.ratio);

  const parts = header(Math.min(width, space.width)); // in sight, even where the figure scrolls
  let y = 0;
  for (const line of parts.title) {
    text(0, y + 17, line, sizes.title, { weight: 600 });
    y += 23;
  }
  if (!parts.title.length) y += 23; // the download buttons sit on this line
  for (const line of [...parts.subtitle, ...parts.note]) {
    text(0, y + 13, line, sizes.subtitle, { colour: "muted" });
    y += 19;
  }
  y += 8;
  const key = legend(Math.min(width, space.width));
  shapes.push(...key.shapes(0, y));
  if (model.masked) {
    const x = key.below ? 1 : key.width + 28;
    const line = key.below ? y + key.height - 26 : y;
    shapes.push({ kind: "hatch", x, y: line - 2, width: 15, height: 15 });
    text(x + 22, line + 10, model.mask_label, sizes.legend);
  }
  y += key.height + 2;

  const panels = model.panels.map((panel, index) => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    const x = snap(left + column * (panelWidth + GAP));
    const start = y + row * (panelHead + columnHeight + LABEL_GAP + panelHeight + GAP);
    const top = snap(start + panelHead + columnHeight + LABEL_GAP);
    return { x, y: top, width: panelWidth, height: panelHeight, start, column, labels: rowRoom + LABEL_GAP };
  });

  const rowLabel = (panel, row, strong, token = tokenOf(model, "queries", row)) => {
    const weight = strong ? 700 : 400;
    const string = shorten(labelText(model, "queries", token), rowRoom, (s) => measure(s, font, weight));
    const first = panels[index0(panel, columns)];
    return {
      kind: "text", x: first.x - LABEL_GAP, y: first.y + (row + 0.5) * cell + font * 0.34, text: string,
      size: font, weight, colour: "text", align: "right", patch: stride > 1 ? rowRoom : 0,
    };
  };
  const columnLabel = (panel, column, strong, token = tokenOf(model, "keys", column)) => {
    const weight = strong ? 700 : 400;
    const string = shorten(labelText(model, "keys", token), columnRoom, (s) => measure(s, font, weight));
    const place = panels[panel];
    const middle = place.x + (column + 0.5) * cell;
    return {
      kind: "text", x: flat ? middle : middle + font * 0.34 * Math.sin(-angle), y: place.y - LABEL_GAP + (flat ? 1 : 2),
      text: string, size: font, weight, colour: "text", align: flat ? "center" : "left", angle,
      patch: stride > 1 ? columnRoom : 0,
    };
  };

  // Numbers of thinned labels are round in the whole text, also where only a part of it is shown.
  const shownLabel = (axis, index) => {
    if (stride === 1 || index === 0) return true;
    const side = axis === "queries" ? 0 : 1;
    const first = model.pool[side] === 1 ? model.offset[side] : 0;
    return (first + index + 1) % stride === 0 && index * cell > font * 1.2;
  };
  const axisStyle = { colour: "muted", weight: 600 };
  model.panels.forEach((panel, index) => {
    const place = panels[index];
    const nameSize = (string) => measure(string, sizes.axis_title, axisStyle.weight);
    const titleSize = (string) => measure(string, sizes.panel_title, 600);
    const across = place.column === columns - 1 ? width - place.x : panelWidth + GAP - 8;
    let line = place.start;
    if (titled) {
      text(place.x, line + 14, shorten(panel.title, across, titleSize), sizes.panel_title, { weight: 600 });
      line += 20;
    }
    text(place.x, line + 13, axisTitle(model.labels.key_name, across, nameSize), sizes.axis_title, axisStyle);
    if (place.column === 0) {
      const down = Math.max(panelHeight, 60);
      text(3, place.y, axisTitle(model.labels.query_name, down, nameSize), sizes.axis_title, {
        ...axisStyle, angle: Math.PI / 2,
      });
      for (let i = 0; i < queries; i += 1) if (shownLabel("queries", i)) shapes.push(rowLabel(index, i));
    }
    for (let i = 0; i < keys; i += 1) if (shownLabel("keys", i)) shapes.push(columnLabel(index, i));
    if (stride > 1) {
      const tick = { kind: "line", colour: "muted" };
      for (let i = 0; i < keys; i += 1) {
        const x = place.x + (i + 0.5) * cell;
        if (shownLabel("keys", i)) shapes.push({ ...tick, x1: x, x2: x, y1: place.y - 4, y2: place.y - 1 });
      }
      for (let i = 0; i < queries; i += 1) {
        const at = place.y + (i + 0.5) * cell;
        if (shownLabel("queries", i)) shapes.push({ ...tick, x1: place.x - 4, x2: place.x - 1, y1: at, y2: at });
      }
    }
    shapes.push({ kind: "matrix", panel: index, x: place.x, y: place.y, width: panelWidth, height: panelHeight, cell });
  });

  y = panels.at(-1).y + panelHeight + 14;
  for (const line of parts.provenance) {
    text(0, y + 11, line, sizes.provenance, { colour: "muted" });
    y += 16;
  }
  return { width, height: Math.ceil(y + 2), cell, shapes, panels, rowLabel, columnLabel };
}

/** The first panel in the same row of panels: it carries the row labels. */
function index0(panel, columns) {
  return panel - (panel % columns);
}
