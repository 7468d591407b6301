// Choosing a part of the map: drag a box, + and -, double-click for the whole.

const DRAG = 6; // CSS pixels from a click to a drag
const LEAST = 2; // tokens a side
const LEAST_BY_KEY = 8;

const sameWindow = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** A window of at least `LEAST` tokens a side inside the text; null if that is all of it. */
function tidyWindow([top, bottom, left, right], [queries, keys]) {
  const side = (start, end, all) => {
    const length = Math.min(Math.max(end - start, LEAST), all);
    const first = Math.max(0, Math.min(Math.round(start), all - length));
    return [first, first + length];
  };
  const found = [...side(top, bottom, queries), ...side(left, right, keys)];
  return sameWindow(found, [0, queries, 0, keys]) ? null : found;
}

/** The window half (or twice) as large as one of [first query, end, first key, end], around a token. */
function stepWindow(model, [top, bottom, left, right], { query, key }, factor) {
  const side = (start, end, all, middle) => {
    const least = Math.min(LEAST_BY_KEY, end - start);
    const length = Math.min(all, Math.max(least, Math.ceil((end - start) * factor)));
    const first = Math.max(0, Math.min(Math.round(middle + 0.5 - length / 2), all - length));
    return [first, first + length];
  };
  const [queries, keys] = model.tokens;
  return tidyWindow([...side(top, bottom, queries, query), ...side(left, right, keys, key)], model.tokens);
}

/** Dragging on the overlay. `actions`: cellAt(event, panel), zoomTo(window), redraw(). */
function createDrag(overlay, view, actions, on) {
  let start = null;
  let box = null;
  let finished = false; // the click that ends a drag is none

  function end() {
    start = box = null;
    actions.redraw();
  }

  on(overlay, "pointerdown", (event) => {
    finished = false;
    if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls
    const at = actions.cellAt(event);
    if (at) start = { at, x: event.clientX, y: event.clientY };
  });
  on(overlay, "pointermove", (event) => {
    if (!start) return;
    if (!box) {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) <= DRAG) return;
      overlay.setPointerCapture(event.pointerId);
    }
    const to = actions.cellAt(event, start.at.panel);
    box = {
      panel: start.at.panel,
      row: Math.min(start.at.row, to.row),
      toRow: Math.max(start.at.row, to.row),
      column: Math.min(start.at.column, to.column),
      toColumn: Math.max(start.at.column, to.column),
    };
    actions.redraw();
  });
  on(overlay, "pointerup", () => {
    const chosen = box;
    finished = Boolean(box);
    end();
    if (!chosen) return;
    const rows = [chosen.row, chosen.toRow].map((row) => tokensOf(view.model, "queries", row));
    const columns = [chosen.column, chosen.toColumn].map((column) => tokensOf(view.model, "keys", column));
    view.at = null;
    actions.zoomTo([rows[0][0], rows[1][1] + 1, columns[0][0], columns[1][1] + 1]);
  });
  on(overlay, "pointercancel", end);

  return {
    get box() {
      return box;
    },
    /** Whether the click that is being handled only ended a drag. */
    took: () => finished,
    cancel: end,
  };
}
