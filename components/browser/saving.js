// The picture as a file: exactly the rows and the place that are seen, with title, units, axes and where it is from.

/** Paint the whole picture with any pen, in CSS pixels; its words take part. Returns its height. */
function paintPicture(pen, shot) {
  const { theme, model, layout, look, rangeOf, overview } = shot;
  const words = pictureWords(shot);
  for (const { text, y, size, weight, colour } of words.top) penText(pen, theme, text, layout.left, y, { size, weight, colour });
  pen.save();
  pen.translate(0, words.height);
  paintOverview(pen, theme, model, overview, layout);
  paintOverviewBox(pen, theme, overview, { start: look.start, end: look.end }, layout, model.contig_bp);
  paintRuler(pen, theme, look, layout);
  for (const entry of layout.rows) {
    pen.save();
    ROW_PAINTERS[entry.row.kind].paint(pen, entry.row, look, entry.box, theme, rangeOf(entry.row));
    pen.restore();
  }
  paintUnloaded(pen, theme, model.loaded, look, layout);
  for (const entry of layout.rows) paintHead(pen, theme, entry, layout, look, { withTitle: true, titleWidth: 0 });
  paintPlaces(pen, theme, model.marks, look, layout);
  pen.restore();
  for (const { text, y, size, colour } of words.foot) penText(pen, theme, text, layout.left, words.height + layout.height + y, { size, colour });
}

/** Lines over and under the picture: {top, foot, height (over), below}. */
function pictureWords({ theme, model, layout, look }) {
  const { small } = theme.sizes;
  const measured = (size, weight) => (text) => textWidth(theme, text, size, weight);
  const [top, foot] = [[], []];
  let y = 0;
  const add = (lines, texts, options) => {
    for (const text of texts) {
      y += options.size + 6;
      lines.push({ text, y: y - options.size * 0.5 - 3, ...options });
    }
  };
  const room = [layout.body];
  if (model.title) add(top, wrap(model.title, room, 2, measured(17, 600)), { size: 17, weight: 600, colour: theme.text });
  if (model.subtitle) add(top, wrap(model.subtitle, room, 2, measured(13, 400)), { size: 13, weight: 400, colour: theme.muted });
  const assembly = model.assembly && model.assembly !== "unknown" ? `${model.assembly}, ` : "";
  const locus = `${assembly}${shownLocus(model, look)}, ${lengthText(look.end - look.start)}`;
  add(top, [locus], { size: 13, weight: 600, colour: theme.text });
  const height = y + 6;
  y = 0;
  if (model.provenance) add(foot, wrap(model.provenance, room, 4, measured(small, 400)), { size: small, colour: theme.muted });
  return { top, foot, height, below: y + 4 };
}

/** Give the person `kind` "png" or "svg" of what is seen. */
function saveBrowser(kind, shot) {
  const { theme, model, layout } = shot;
  const margin = theme.sizes.export_margin;
  const words = pictureWords(shot);
  const [wide, high] = [layout.width + 2 * margin, words.height + layout.height + words.below + 2 * margin];
  const paint = (canvas) => {
    const scale = 2;
    canvas.width = Math.round(wide * scale);
    canvas.height = Math.round(high * scale);
    const pen = canvas.getContext("2d", { alpha: false });
    pen.fillStyle = theme.background;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(scale, 0, 0, scale, margin * scale, margin * scale);
    paintPicture(pen, { ...shot, theme: { ...theme, ratio: scale } });
  };
  const write = () => {
    const { title, description } = model;
    const pen = svgPen(wide, high, {
      title: `${title || "Genome browser"}: ${shownLocus(model, shot.look)}`, description, background: theme.background,
    });
    pen.translate(margin, margin);
    paintPicture(pen, shot);
    return pen.written();
  };
  saveFigure(model.file_name, kind, paint, write);
}
