// Where everything goes. No DOM here: a payload and the room there is become shapes in CSS pixels, which
// paint.js draws on a canvas or writes as SVG, so an exported picture is the picture on the screen.

const BUTTONS = 100; // room for PNG and SVG beside the title
const HALO = 4; // CSS pixels of the page's colour around texts that lie on rules

/** A beginning with its ellipsis: no space before it, and no isolate left open. */
function closed(beginning) {
  const start = beginning.trimEnd();
  const open = start.split("\u2068").length - start.split("\u2069").length;
  return `${start}${"\u2069".repeat(Math.max(0, open))}…`;
}

/** Which columns are seen, how wide they are, and how wide all is. */
function layoutColumns(model, space) {
  const { left, right, columns, column_least: least, column_most: most } = model;
  const room = space.width - left - right;
  const shown = model.drop ? Math.max(1, Math.min(columns, Math.floor(room / least))) : columns;
  let column = Math.max(least, Math.min(most, room / shown));
  // Whole device pixels: columns of equal width and sharp edges.
  if (columns > 1) column = wholePixels(column, space.ratio) / space.ratio;
  return { shown, column, first: model.drop === "first" ? columns - shown : 0, width: left + shown * column + right };
}

/** The legend's shapes, flowing from left to right, from `y` on; returns where it ends. */
function layoutLegend(model, width, y, shapes, measure) {
  const { sizes } = model.style;
  const wide = (text) => measure(text, sizes.legend, 400);
  let x = 0;
  let line = y;
  let high = 0;
  const next = (needed, height) => {
    if (x > 0 && x + needed > width) {
      line += high;
      x = 0;
      high = 0;
    }
    high = Math.max(high, height);
  };
  const text = (place, baseline, string, options) =>
    shapes.push(textShape(place, baseline, string, sizes.legend, options));
  for (const item of model.legend) {
    if (item.kind === "scale") {
      const unit = shorten(item.unit, Math.max(60, width - 110), wide, closed);
      const start = wide(unit) + 12;
      const bar = Math.min(sizes.ramp_width, Math.max(80, width - start - 16));
      next(start + bar + 34, 36);
      text(x, line + 10, unit);
      shapes.push({
        kind: "ramp", x: x + start, y: line, width: bar, height: sizes.ramp_height, signed: Boolean(item.signed),
      });
      const ticks = item.signed ? [-item.top, 0, item.top] : roundSteps(item.top, 3);
      for (const value of ticks) {
        const at = x + start + bar * (item.signed ? (value / item.top + 1) / 2 : value / item.top);
        const under = line + sizes.ramp_height;
        shapes.push({ kind: "line", x1: at, y1: under, x2: at, y2: under + 4, colour: "muted", width: 1 });
        text(at, under + 15, tickText(value), { size: sizes.small, colour: "muted", align: "center" });
      }
      x += start + bar + 34;
    } else {
      const label = shorten(item.label, width - sizes.patch - 7, wide, closed);
      const needed = sizes.patch + 7 + wide(label);
      next(needed, 22);
      const box = { x, y: line - 1, width: sizes.patch, height: sizes.patch };
      if (item.mark === "tick") {
        const middle = x + sizes.patch / 2;
        shapes.push({ kind: "line", x1: middle, y1: line - 2, x2: middle, y2: line + 13, colour: "text", width: 2 });
      } else {
        shapes.push({ ...item, kind: "rect", ...box });
        if (item.mark === "cross") {
          const [x2, y2] = [x + sizes.patch, line - 1 + sizes.patch];
          shapes.push({ kind: "line", x1: x, y1: box.y, x2, y2, colour: "text", width: 1.5 });
          shapes.push({ kind: "line", x1: x, y1: y2, x2, y2: box.y, colour: "text", width: 1.5 });
        }
      }
      text(x + sizes.patch + 7, line + 10, label);
      x += needed + 22;
    }
  }
  return line + high;
}

/**
 * Lay the drawing out.
 *
 * space: {width, ratio (device pixels a CSS pixel)}; measure(text, size, weight): width in CSS pixels.
 * Returns {width, height, shown, shapes, targets: [{x, y, width, height, tooltip, click}],
 * hints: the same for texts that were shortened}.
 */
function layoutDrawing(drawing, space, measure) {
  const narrow = drawing.narrow && space.width < drawing.narrow.below;
  const model = narrow ? { ...drawing, ...drawing.narrow } : drawing;
  const { sizes } = model.style;
  const grid = layoutColumns(model, space);
  const width = Math.ceil(Math.max(grid.width, Math.min(space.width, sizes.width_min)));
  const inSight = Math.min(width, space.width); // also where the drawing scrolls
  const shapes = [];
  const targets = [];
  const hints = [];
  const lines = (text, size, weight, rooms, most) =>
    wrap(text, rooms, most, (part) => measure(part, size, weight), closed);
  const say = (y, text, size, weight, colour) =>
    shapes.push(textShape(0, y, text, size, { weight, colour }));

  let y = 0;
  const title = lines(model.title, sizes.title, 600, [inSight - BUTTONS, inSight], 3);
  for (const line of title) {
    say(y + 17, line, sizes.title, 600, "text");
    y += 23;
  }
  y += title.length ? 2 : 23; // the download buttons sit on this line
  const missing = grid.shown < model.columns;
  const note = missing
    ? model.dropped_note.replace("{shown}", grid.shown).replace("{columns}", model.columns)
    : "";
  for (const line of [
    ...lines(model.subtitle, sizes.subtitle, 400, [inSight], 3), ...lines(note, sizes.subtitle, 400, [inSight], 2),
  ]) {
    say(y + 13, line, sizes.subtitle, 400, "muted");
    y += 19;
  }
  y += 10;
  if (model.legend.length) y = layoutLegend(model, inSight, y, shapes, measure) + 4;

  const snap = snapTo(space.ratio);
  const top = snap(y);
  const seen = ([at, , inColumn]) => !inColumn || (at >= grid.first && at <= grid.first + grid.shown);
  const across = ([at, px, inColumn]) =>
    model.left + px + (inColumn ? (at - grid.first) * grid.column : at * grid.shown * grid.column);
  const extent = ([at, px, inColumn]) => px + at * grid.column * (inColumn ? 1 : grid.shown);
  for (const shape of model.shapes) {
    if (shape.kind === "rect") {
      if (!seen(shape.left) || !seen(shape.right)) continue;
      const [x, upper] = [snap(across(shape.left)), top + shape.top];
      const box = { x, y: upper, width: Math.max(0, snap(across(shape.right)) - x), height: shape.bottom - shape.top };
      if (shape.fill !== "none" || shape.outline) {
        const { fill, stripes, outline } = shape;
        shapes.push({ kind: "rect", ...box, fill, stripes, outline });
      }
      if (shape.tooltip || shape.click !== undefined) {
        targets.push({ ...box, tooltip: shape.tooltip ?? "", click: shape.click });
      }
    } else if (shape.kind === "line") {
      if (!seen(shape.start) || !seen(shape.end)) continue;
      shapes.push({
        kind: "line", x1: across(shape.start), y1: top + shape.top, x2: across(shape.end), y2: top + shape.bottom,
        colour: shape.colour, width: shape.width ?? 1,
      });
    } else if (shape.kind === "graph") {
      if (!seen(shape.left) || !seen(shape.right)) continue;
      const [x1, x2] = [across(shape.left), across(shape.right)];
      const { heights, steps = true, fill, line = "none", width: thick = 1 } = shape;
      const step = (x2 - x1) / (steps ? heights.length : Math.max(1, heights.length - 1));
      const points = heights.flatMap((height, i) => {
        const y = top + shape.bottom - height;
        return steps ? [[x1 + i * step, y], [x1 + (i + 1) * step, y]] : [[x1 + i * step, y]];
      });
      shapes.push({ kind: "graph", points, base: top + shape.bottom, fill, line, width: thick });
    } else if (seen(shape.x)) {
      const size = sizes[shape.size];
      const weight = shape.strong ? 600 : 400;
      const wide = (part) => measure(part, size, weight);
      const room = shape.room ? extent(shape.room) : Infinity;
      const parts = room === Infinity ? [shape.text] : wrap(shape.text, [room], shape.lines ?? 1, wide, closed);
      const whole = parts.join(" ") === shape.text;
      if (room < Math.max(shape.least ?? 16, whole ? 0 : 16)) continue;
      const x = across(shape.x);
      const middle = top + shape.y;
      if (!whole) {
        const start = { left: x, center: x - room / 2, right: x - room }[shape.align];
        hints.push({ x: start, y: middle - size * 0.7, width: room, height: size * 1.4, tooltip: shape.text });
      }
      parts.forEach((text, line) => {
        const y = middle + size * (0.345 + 1.22 * (line - (parts.length - 1) / 2));
        const { colour, align, over } = shape;
        const full = whole || line < parts.length - 1 ? null : shape.text;
        const halo = shape.halo ? HALO : 0;
        shapes.push(textShape(x, y, text, size, { full, weight, colour, align, over, halo }));
      });
    }
  }
  y = top + model.height + 10;
  for (const line of lines(model.provenance, sizes.provenance, 400, [inSight], 2)) {
    say(y + 11, line, sizes.provenance, 400, "muted");
    y += 16;
  }
  return { width, height: Math.ceil(y + 2), shown: grid.shown, shapes, targets, hints };
}
