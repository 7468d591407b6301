// The figure by keys: cell to cell, keep a row, zoom.

const moves = {
  ArrowUp: (at) => ({ ...at, row: at.row - 1 }),
  ArrowDown: (at) => ({ ...at, row: at.row + 1 }),
  ArrowLeft: (at) => ({ ...at, column: at.column - 1 }),
  ArrowRight: (at) => ({ ...at, column: at.column + 1 }),
  Home: (at, far) => ({ ...at, column: 0, row: far ? 0 : at.row }),
  End: (at, far) => ({ ...at, column: Infinity, row: far ? Infinity : at.row }),
  PageUp: (at) => ({ ...at, panel: at.panel - 1 }),
  PageDown: (at) => ({ ...at, panel: at.panel + 1 }),
};

/** What the tooltip says, as one spoken sentence. */
function readingText(model, at) {
  const { parts, detail } = reading(model, at);
  return `${partsText(parts)}, ${detail}`;
}

/** The handler of keydown. */
function createKeys(view, actions) {
  return (event) => {
    if (!view.layout || event.altKey || event.metaKey) return;
    const { key } = event;
    if (key === "Escape") {
      if (actions.dragging()) actions.cancelDrag();
      else if (view.locked !== null) actions.release();
      else if (view.at) {
        actions.leave();
        actions.speak("");
      } else return;
    } else if ((key === "Enter" || key === " ") && view.at) {
      actions.toggle(view.at);
    } else if ((key === "+" || key === "=" || key === "-") && !event.ctrlKey) {
      const now = view.wanted; // may be on its way
      const middle = { query: (now[0] + now[1] - 1) / 2, key: (now[2] + now[3] - 1) / 2 };
      const around = view.at ? winnerOf(view.model, view.at) : middle;
      actions.zoomTo(stepWindow(view.model, now, around, key === "-" ? 2 : 0.5));
    } else if (moves[key] && !view.waiting) {
      const [queries, keys] = view.model.shape;
      const next = view.at ? moves[key](view.at, event.ctrlKey) : { panel: 0, row: 0, column: 0 };
      actions.go({
        panel: clamp(next.panel, view.model.panels.length - 1),
        row: clamp(next.row, queries - 1),
        column: clamp(next.column, keys - 1),
      });
      actions.speak(readingText(view.model, view.at));
    } else return;
    event.preventDefault();
    event.stopPropagation(); // or the page would take these keys for its own
  };
}
