// Where everything of the picture lies, in CSS pixels on whole device pixels.

const OVERVIEW = { one: 34, two: 62 }; // heights: the chromosome alone, or over its neighbourhood
const RULER = 32;
const NAMES = 16; // of places that are marked, under the ruler

/**
 * `rows` as shown; `heights`: a body's height by row. Returns {width, height, left, right, body, overview, ruler, names,
 * rows: [{row, y, head, box}]}: `y` is the row's upper edge, `head` the strip for its title, `box` its body.
 */
function layoutBrowser(rows, sizes, heights, { width, ratio, overview, named }) {
  const snap = snapTo(ratio);
  const left = snap(sizes.gutter);
  const body = snap(Math.max(width - left - sizes.right, 60));
  let y = 0;
  const take = (height) => {
    const from = snap(y);
    y = snap(y + height);
    return { y: from, height: snap(y - from) };
  };
  const strip = take(overview.height);
  const ruler = take(RULER);
  const names = take(named ? NAMES : 0);
  const laid = rows.map((row) => {
    const head = take(sizes.head);
    const inside = take(heights.get(row.id) ?? sizes.signal_medium);
    y = snap(y + sizes.gap);
    return { row, y: head.y, head, box: { x: left, y: inside.y, width: body, height: inside.height } };
  });
  if (!laid.length) y = snap(y + 56);
  return { width, height: y, left, right: snap(left + body), body, overview: strip, ruler, names, rows: laid };
}

/** Of the strip over a row, what its title and note may take. */
const titleShare = ({ body }) => (body < 420 ? 0.8 : 0.6);

/** Bodies' heights at this view: row id -> CSS pixels. */
function heightsOf(rows, view, sizes) {
  return new Map(rows.map((row) => [row.id, ROW_PAINTERS[row.kind].height(row, view, sizes)]));
}

/** Title at the left, note behind it, legend at the right, all in the strip over the row. */
function paintHead(pen, theme, { row, head, box }, layout, view, { withTitle, titleWidth }) {
  ROW_PAINTERS[row.kind].pinned?.(pen, row, view, box, theme);
  const y = head.y + head.height * 0.52;
  const { title: size, small } = theme.sizes;
  let from = layout.left + titleWidth + 16;
  if (withTitle) {
    const room = layout.body * titleShare(layout);
    const title = fittingText(theme, row.title, room, size, 600);
    penText(pen, theme, title, layout.left, y, { size, weight: 600 });
    from = layout.left + textWidth(theme, title, size, 600);
    if (row.note) {
      const note = fittingText(theme, row.note, Math.max(layout.right - from - 24, 0), small);
      penText(pen, theme, note, from + 9, y, { size: small, colour: theme.muted });
      from += 9 + textWidth(theme, note, small);
    }
    from += 16;
  }
  const entries = ROW_PAINTERS[row.kind].legend?.(row, view, theme) ?? [];
  if (!entries.length) return;
  const room = layout.right - from;
  const wide = legendWidth(theme, entries);
  paintLegend(pen, theme, entries, Math.max(layout.right - wide, from), y, Math.min(wide, room) + 0.5);
}

/** As wide as `paintLegend` makes it. */
function legendWidth(theme, entries) {
  const each = entries.map(({ mark, text }) => (MARK_WIDTHS[mark] ?? 19) + textWidth(theme, text, theme.sizes.small));
  return each.reduce((sum, one) => sum + one, 0) + 13 * (entries.length - 1);
}

/** Lines and bands across all rows at what was asked for, with their names under the ruler. */
function paintPlaces(pen, theme, marks, view, layout) {
  const bottom = layout.height - theme.sizes.gap;
  clipped(pen, { x: layout.left, y: layout.ruler.y, width: layout.body, height: bottom - layout.ruler.y }, () => {
    let taken = -Infinity;
    for (const [start, end, name] of marks) {
      const [from, to] = [view.x(start), view.x(end)];
      if (to < layout.left - 200 || from > layout.right + 200) continue;
      const y = layout.ruler.y + layout.ruler.height - 7;
      pen.save();
      pen.globalAlpha = 0.12;
      pen.fillStyle = theme.place;
      if (to - from > 2) pen.fillRect(from, y, to - from, bottom - y);
      pen.globalAlpha = 0.75;
      pen.setLineDash([4, 3]);
      penLine(pen, middleOfPixel(from), y, middleOfPixel(from), bottom, theme.place);
      if (to - from > 2) penLine(pen, middleOfPixel(to), y, middleOfPixel(to), bottom, theme.place);
      pen.restore();
      if (!name || from < taken) continue;
      const size = theme.sizes.small;
      const wide = textWidth(theme, name, size, 600);
      const x = Math.min(Math.max(from + 4, layout.left + 2), layout.right - wide - 4);
      if (from > layout.right || to < layout.left) continue;
      penText(pen, theme, name, x, layout.names.y + layout.names.height / 2 - 1, { size, weight: 600, colour: theme.place, halo: 4 });
      taken = x + wide + 8;
    }
  });
}

/** What the rows do not know yet, hatched over each body. */
function paintUnloaded(pen, theme, loaded, view, layout, entries = layout.rows) {
  const edge = layout.right;
  const from = Math.max(view.x(0), layout.left);
  const to = Math.min(view.x(view.contig_bp), edge);
  const stretches = [];
  if (view.x(loaded[0]) - from > 0.5) stretches.push([from, Math.min(view.x(loaded[0]), to)]);
  if (to - view.x(loaded[1]) > 0.5) stretches.push([Math.max(view.x(loaded[1]), from), to]);
  if (!stretches.length) return;
  for (const { box } of entries) {
    pen.fillStyle = theme.background;
    for (const [a, b] of stretches) pen.fillRect(a, box.y - 1, b - a, box.height + 2);
    paintMissing(pen, theme, box, stretches, "loading …", view.x(0));
  }
}

/** Whether a part of what is seen (as `viewOf` gives it) is not in the rows. */
const looksOutside = (loaded, view) =>
  view.start < Math.max(loaded[0], 0) - 1 || view.end > Math.min(loaded[1], view.contig_bp) + 1;
