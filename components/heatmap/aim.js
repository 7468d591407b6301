// Where the pointer is: which cell, which label; and where the tooltip fits.

const clamp = (value, most) => Math.max(0, Math.min(value, most));

function spot(overlay, event) {
  const box = overlay.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/** The cell under the pointer; with `panel`, the nearest cell of that panel. */
function cellAt(overlay, view, event, panel = null) {
  if (!view.layout || view.waiting) return null;
  const { x, y } = spot(overlay, event);
  const { panels, cell } = view.layout;
  const [queries, keys] = view.model.shape;
  const inside = (p) => x >= p.x && x < p.x + p.width && y >= p.y && y < p.y + p.height;
  const index = panel ?? panels.findIndex(inside);
  if (index < 0) return null;
  const row = clamp(Math.floor((y - panels[index].y) / cell), queries - 1);
  const column = clamp(Math.floor((x - panels[index].x) / cell), keys - 1);
  return { panel: index, row, column };
}

/** The cell of another picture that has the tokens of this one's, or null. */
function sameCell(before, model, at) {
  const { query, key } = winnerOf(before, at);
  const [row, column] = [cellOf(model, "queries", query), cellOf(model, "keys", key)];
  if (row < 0 || column < 0) return null;
  return { panel: Math.min(at.panel, model.panels.length - 1), row, column };
}

/** The query whose label is under the pointer, as a token of the sentence. */
function labelAt(overlay, view, event) {
  if (!view.layout || view.waiting) return null;
  const { x, y } = spot(overlay, event);
  const within = (p) => x < p.x && x >= p.x - p.labels && y >= p.y && y < p.y + p.height && p.column === 0;
  const place = view.layout.panels.find(within);
  if (!place) return null;
  const row = clamp(Math.floor((y - place.y) / view.layout.cell), view.model.shape[0] - 1);
  return { axis: "queries", index: tokenOf(view.model, "queries", row) };
}

/** Beside the cell, inside the figure and the window. */
function placeTooltip(root, tooltip, view) {
  const { layout, at } = view;
  const place = layout.panels[at.panel];
  const left = place.x + at.column * layout.cell - root.scrollLeft;
  const upper = place.y + at.row * layout.cell;
  const away = 10;
  const wide = tooltip.offsetWidth;
  const high = tooltip.offsetHeight;
  const { top } = root.getBoundingClientRect();
  const sentence = root.querySelector(".strip").getBoundingClientRect().top - top; // is not covered
  const seen = window.innerHeight - top; // a tall figure ends below the window
  const room = { x: root.clientWidth, y: Math.min(sentence, seen) };
  let x = left + layout.cell + away;
  if (x + wide > room.x) x = left - away - wide;
  let y = upper + layout.cell + away;
  if (y + high > room.y) y = upper - away - high;
  tooltip.style.left = `${Math.max(0, Math.min(x, room.x - wide)) + root.scrollLeft}px`;
  tooltip.style.top = `${Math.max(0, Math.min(y, room.y - high))}px`;
}
