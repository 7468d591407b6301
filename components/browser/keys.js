// The picture by keys: along the chromosome, closer and further, the cursor from bin to bin, row by row.

const STEP = 0.2; // of the view's width that an arrow key moves

/**
 * `reading`: {bp, row}: where the cursor of the keys is (bp null: nowhere); `actions`: speak(text), cursorAt(bp, row),
 * leave(), whole(), edge(which, far), menu(row), pick(bp, row), cancel().
 */
function createBrowserKeys(view, motion, actions) {
  /** The bin that the cursor goes to next: one of the row in question, or a pixel where it has none. */
  function nextBin(way) {
    const { look } = view;
    const { bp, row } = actions.reading();
    const from = bp ?? (look.start + look.end) / 2;
    const bin = row && ROW_PAINTERS[row.kind].read(row, from, look)?.[0]?.bin;
    const step = Math.max(bin ? bin[1] - bin[0] : look.bpPerPx, 1, look.bpPerPx * 2);
    const at = bp === null ? from : bin && step <= bin[1] - bin[0] ? (bin[0] + bin[1]) / 2 + way * step : from + way * step;
    const next = Math.min(Math.max(at, 0), view.contigBp - 1);
    if (next < look.start || next > look.end) motion.pan(way * 0.5);
    actions.cursorAt(next);
  }

  const middle = () => {
    const { bp } = actions.reading();
    const target = motion.target;
    return bp !== null && bp >= target.start && bp <= target.end ? bp : (target.start + target.end) / 2;
  };
  const moves = {
    ArrowLeft: (event) => (event.shiftKey ? nextBin(-1) : motion.pan(event.ctrlKey ? -0.8 : -STEP)),
    ArrowRight: (event) => (event.shiftKey ? nextBin(1) : motion.pan(event.ctrlKey ? 0.8 : STEP)),
    ArrowUp: () => actions.rowBy(-1),
    ArrowDown: () => actions.rowBy(1),
    PageUp: () => motion.pan(-0.8),
    PageDown: () => motion.pan(0.8),
    "+": () => motion.zoom(0.6, middle()),
    "=": () => motion.zoom(0.6, middle()),
    "-": () => motion.zoom(1 / 0.6, middle()),
    _: () => motion.zoom(1 / 0.6, middle()),
    Home: (event) => actions.edge(-1, event.ctrlKey),
    End: (event) => actions.edge(1, event.ctrlKey),
    w: () => actions.whole(),
    0: () => actions.whole(),
    Enter: (event) => event.repeat || actions.pickHere(),
    " ": (event) => event.repeat || actions.pickHere(),
    ContextMenu: () => actions.menu(),
    m: () => actions.menu(),
  };

  return (event) => {
    if (!view.layout || event.altKey || event.metaKey) return;
    if (event.key === "Escape") actions.cancel();
    else if (event.key === "F10" && event.shiftKey) actions.menu();
    else if (moves[event.key] && (!event.ctrlKey || /^(Arrow|Home|End)/.test(event.key))) moves[event.key](event);
    else return;
    event.preventDefault();
    event.stopPropagation(); // or the page would take these keys for its own
  };
}
