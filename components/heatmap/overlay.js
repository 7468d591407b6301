// What is drawn over the figure while a person points at it: the cell, the kept row, the box being dragged.

function outline(context, theme, { x, y, width, height }, thick) {
  paintRing(context, theme, { x: x - 0.5, y: y - 0.5, width, height }, thick);
}

/** A label again, strong, on a patch that covers the plain one and its neighbours. */
function emphasise(context, view, label) {
  const wide = Math.max(view.measure(label.text, label.size, label.weight), label.patch);
  const start = { left: 0, center: wide / 2, right: wide }[label.align];
  context.save();
  context.translate(label.x, label.y);
  context.rotate(label.angle ?? 0);
  context.fillStyle = view.theme.background;
  context.fillRect(-start - 3, -label.size * 0.95, wide + 6, label.size * 1.3);
  context.restore();
  paintText(context, view.theme, label);
}

function rowBand({ x, y, width, height }, row, cell) {
  const high = Math.max(cell, 3);
  return { x, y: Math.min(y + row * cell - (high - cell) / 2, y + height - high), width, height: high };
}

/** The row of a query in every panel: the others a little dimmed where it is kept, and its label strong. */
function paintRow(context, view, query, kept) {
  const { model, layout, theme } = view;
  const row = cellOf(model, "queries", query);
  if (row < 0) return;
  layout.panels.forEach((place) => {
    const band = rowBand(place, row, layout.cell);
    if (kept) {
      context.globalAlpha = 0.5;
      context.fillStyle = theme.background;
      context.fillRect(place.x, place.y, place.width, band.y - place.y);
      context.fillRect(place.x, band.y + band.height, place.width, place.y + place.height - band.y - band.height);
      context.globalAlpha = 1;
    }
    outline(context, theme, { ...band, width: band.width + 1, height: band.height + 1 }, kept ? 1.5 : 1);
  });
  layout.panels.forEach((place, panel) => {
    if (place.column === 0) emphasise(context, view, layout.rowLabel(panel, row, true, query));
  });
}

/** The column of a key in every panel, and its label strong. */
function paintColumn(context, view, key) {
  const { model, layout, theme } = view;
  const column = cellOf(model, "keys", key);
  if (column < 0) return;
  const width = Math.max(layout.cell, 3) + 1;
  layout.panels.forEach((place, panel) => {
    outline(context, theme, { x: place.x + column * layout.cell, y: place.y, width, height: place.height + 1 }, 1);
    emphasise(context, view, layout.columnLabel(panel, column, true, key));
  });
}

/** The cell in every panel, thin lines from it to its labels, and its labels strong. */
function paintCell(context, view, at, tokens) {
  const { layout, theme } = view;
  const { cell } = layout;
  layout.panels.forEach((place, index) => {
    const x = place.x + at.column * cell;
    const y = place.y + at.row * cell;
    const here = index === at.panel;
    if (here) {
      // Thin lines to the labels, so that the eye finds them from the back of the room.
      context.fillStyle = theme.text;
      context.globalAlpha = 0.45;
      for (const edge of cell < 8 ? [cell / 2] : [0, cell]) {
        context.fillRect(place.x, y + edge - 0.5, at.column * cell, 1);
        context.fillRect(x + edge - 0.5, place.y, 1, at.row * cell);
      }
      context.globalAlpha = 1;
    }
    const side = Math.max(cell, 3);
    outline(context, theme, { x, y, width: side, height: side }, here ? 2 : 1.25);
  });
  emphasise(context, view, layout.rowLabel(at.panel, at.row, true, tokens.query));
  emphasise(context, view, layout.columnLabel(at.panel, at.column, true, tokens.key));
}

/** The box that is being dragged, {panel, row, column, toRow, toColumn}. */
function paintBand(context, view, box) {
  const { layout, theme } = view;
  const { cell } = layout;
  const place = layout.panels[box.panel];
  const rect = {
    x: place.x + box.column * cell,
    y: place.y + box.row * cell,
    width: (box.toColumn - box.column + 1) * cell,
    height: (box.toRow - box.row + 1) * cell,
  };
  context.globalAlpha = 0.5;
  context.fillStyle = theme.background;
  context.beginPath();
  context.rect(place.x, place.y, place.width, place.height);
  context.rect(rect.x, rect.y, rect.width, rect.height);
  context.fill("evenodd");
  context.globalAlpha = 1;
  outline(context, theme, rect, 1.5);
}

/** Until the exact cells arrive: the old ones where they will be, behind a veil. */
function paintWaiting(context, view, base, { from, to }) {
  const { layout, theme } = view;
  const ratio = base.width / layout.width;
  for (const place of layout.panels) {
    const [tall, wide] = [to[1] - to[0], to[3] - to[2]];
    const x = place.x + ((from[2] - to[2]) / wide) * place.width;
    const y = place.y + ((from[0] - to[0]) / tall) * place.height;
    const width = ((from[3] - from[2]) / wide) * place.width;
    const height = ((from[1] - from[0]) / tall) * place.height;
    context.save();
    context.beginPath();
    context.rect(place.x, place.y, place.width, place.height);
    context.clip();
    context.fillStyle = theme.background;
    context.fillRect(place.x, place.y, place.width, place.height);
    context.imageSmoothingEnabled = false;
    context.globalAlpha = 0.7;
    const source = [place.x * ratio, place.y * ratio, place.width * ratio, place.height * ratio];
    context.drawImage(base, ...source, x, y, width, height);
    context.restore();
    paintText(context, theme, {
      x: place.x + place.width / 2, y: place.y + place.height / 2, text: "Fetching exact weights …", size: 13,
      weight: 600, colour: "text", align: "center", halo: 5,
    });
  }
}
