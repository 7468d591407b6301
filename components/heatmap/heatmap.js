// What a person does with the figure: hover, click, keys, downloads.

const PATIENCE = 10_000; // ms that a part of the map may take to arrive

export default function heatmap({ data, parentElement, setStateValue }) {
  return showView(parentElement, createView, data, setStateValue);
}

function createView(root) {
  const stage = createStage(root);
  const { find, on, base, overlay, tooltip, live } = stage;
  const whole = find(".whole");
  let send = () => {};
  let drawn = 0;
  const measured = new Map();
  let signature = "";
  let patience = 0;
  let kept = null; // the cell whose click kept its row: its reading stays
  let clicked = null; // where that was: a page that scrolls under a still pointer is no pointing
  let arriving = false; // another text came and is not drawn yet

  const tell = (name) => (value) => send(name, { value, text: view.received.text });
  const [locked, zoom] = [sharedValue(tell("locked")), sharedValue(tell("zoom"))];
  // received: what Python sent; model: it or a part of it, as drawn; at: the cell pointed at; pointed: a token
  // of the sentence or of the labels; panel: whose row is kept; waiting: for a part that is not here yet.
  const view = {
    received: null, model: null, lockedRow: null, layout: null, theme: null, at: null, pointed: null, panel: 0,
    waiting: null,
    get locked() {
      return locked.value;
    },
    get wanted() {
      return zoom.value ?? [0, view.received.tokens[0], 0, view.received.tokens[1]];
    },
    measure: (text, size, weight) => {
      const name = `${fontOf(view.theme, { size, weight })}|${text}`;
      let wide = measured.get(name);
      if (wide === undefined) {
        if (measured.size > 20_000) measured.clear();
        wide = stage.measure(view.theme, text, size, weight);
        measured.set(name, wide);
      }
      return wide;
    },
    shownRow() {
      const { at, pointed, model } = view;
      const panel = Math.min(at?.panel ?? view.panel, model.panels.length - 1);
      if (locked.value !== null) return { panel, query: locked.value };
      if (at) return { panel, query: winnerOf(model, at).query };
      if (pointed && (pointed.axis === "queries" || model.labels.one_text)) return { panel, query: pointed.index };
      return null;
    },
  };
  const strip = createStrip(root, view, {
    point, escape: release, speak, save,
    // From the sentence the page scrolls down to a row under it, not up and away from it.
    toggle: (query, panel) => toggle(query, panel, null, sight.below),
  }, stage.signal);
  const sight = createSight(root, view, strip, on);
  const drag = createDrag(overlay, view, { cellAt: (...where) => cellAt(overlay, view, ...where), zoomTo, redraw: showCell }, on);

  function draw() {
    const width = Math.floor(root.clientWidth);
    if (!view.model || width <= 0) return; // hidden, as in a closed tab: the observer calls again
    const { model } = view;
    const ratio = window.devicePixelRatio || 1;
    view.theme = readTheme(root, stage.scratch, model);
    const { background, text, font } = view.theme;
    const { height } = view.received;
    const now = [model.digest, height, width, ratio, window.innerHeight, background, text, font].join("|");
    if (now === signature) return showCell();
    signature = now;
    const below = strip.heightFor(width);
    const space = { width, height: height ?? null, windowHeight: window.innerHeight, below, ratio };
    const layout = layoutFigure(model, space, view.measure);
    view.layout = layout;
    paintFigure(base, model, layout, view.theme, ratio);
    whole.hidden = !model.window;
    stage.fit(layout, width);
    showCell();
    drawn += 1;
    root.dataset.panels = model.panels.length;
    [root.dataset.queries, root.dataset.keys] = model.tokens;
    root.dataset.window = model.window?.join() ?? "";
    const before = `${root.dataset.corners}|${root.dataset.cell}`;
    root.dataset.cell = layout.cell;
    root.dataset.corners = layout.panels.map(({ x, y }) => `${x},${y}`).join(" ");
    root.dataset.drawn = drawn;
    if (arriving) {
      arriving = false;
      sight.arrive(showKept);
    } else if (locked.value !== null && before !== `${root.dataset.corners}|${root.dataset.cell}`) {
      showKept(sight.covered);
    }
    performance.mark("attendome-heatmap-drawn");
  }

  function update(payload, setStateValue) {
    if (!payload?.panels) return;
    send = setStateValue ?? send;
    const other = view.received?.text !== payload.text;
    if (view.received?.digest !== payload.digest) {
      performance.mark("attendome-heatmap-received");
      view.received = readPayload(payload);
      overlay.setAttribute("aria-label", payload.title || "Attention heatmap");
      find("#description").textContent = payload.description;
    }
    view.received.height = payload.height;
    view.lockedRow = readLockedRow(payload);
    if (other) {
      locked.restart(payload.locked);
      arriving = true;
      zoom.restart(payload.window);
      view.panel = 0;
      view.at = view.pointed = kept = null;
    } else {
      locked.hear(payload.locked);
      zoom.hear(payload.window);
    }
    refresh();
  }

  /** Show the part of the map that is wanted: cut out of what is here, or waited for. */
  function refresh() {
    const before = view.model;
    const { received, wanted } = view;
    const next = sameWindow(rangeOf(received), wanted) ? received : cropModel(received, wanted);
    clearTimeout(patience);
    if (next) {
      view.model = next;
      view.waiting = null;
    } else {
      // Not the part that is wanted, but what there is of this head.
      view.model = received;
      view.waiting = { from: rangeOf(received), to: wanted };
      patience = setTimeout(() => {
        zoom.giveUp(view.received.window);
        refresh();
      }, PATIENCE);
    }
    const shape = (model) => [...rangeOf(model), ...model.pool, model.panels.length].join();
    if (before && shape(before) !== shape(view.model)) {
      view.pointed = kept = null;
      view.at = view.at && sameCell(before, view.model, view.at);
    }
    draw();
  }

  function zoomTo(part) {
    zoom.choose(part === null ? null : tidyWindow(part, view.model.tokens));
    live.textContent = zoom.value ? windowNote(zoom.value, view.model.tokens) : "The whole map";
    refresh();
  }

  /** The overlay, the tooltip and the sentence follow what is pointed at; the figure is not drawn again. */
  function showCell() {
    const { layout, at, model, pointed } = view;
    if (!layout) return;
    const context = stage.clearOverlay(layout);
    root.dataset.locked = locked.value ?? "";
    root.dataset.waiting = view.waiting ? "yes" : "";
    if (view.waiting) paintWaiting(context, view, base, view.waiting);
    else if (locked.value !== null) paintRow(context, view, locked.value, true);
    else if (!at && view.shownRow()) paintRow(context, view, view.shownRow().query, false);
    else if (!at && pointed?.axis === "keys") paintColumn(context, view, pointed.index);
    if (drag.box) paintBand(context, view, drag.box);
    tooltip.hidden = !at || Boolean(drag.box) || Boolean(view.waiting);
    strip.draw();
    if (tooltip.hidden) {
      const row = locked.value === null || !pointed ? -1 : cellOf(model, "queries", locked.value);
      const column = pointed ? cellOf(model, "keys", pointed.index) : -1;
      if (row >= 0 && column >= 0 && (model.labels.one_text || pointed.axis === "keys")) {
        paintCell(context, view, { panel: 0, row, column }, { query: locked.value, key: pointed.index });
      }
      return;
    }
    const { parts, detail, query, key } = reading(model, at);
    paintCell(context, view, at, { query, key });
    tooltip.firstElementChild.replaceChildren(...partNodes(parts));
    tooltip.lastElementChild.textContent = detail;
    placeTooltip(root, tooltip, view);
  }

  /** The kept row, out from under the strip. */
  function showKept(only) {
    if (locked.value === null || !sight.show(view.panel, cellOf(view.model, "queries", locked.value), only)) return;
    showCell();
  }

  const equal = (a, b) => a === b || (a && b && a.panel === b.panel && a.row === b.row && a.column === b.column);

  function go(at) {
    if (equal(at, view.at) && !view.pointed) return;
    view.at = at;
    view.pointed = null;
    if (at && locked.value === null) strip.follow("queries", winnerOf(view.model, at).query);
    showCell();
  }

  function point(token) {
    if (token?.axis === view.pointed?.axis && token?.index === view.pointed?.index) return;
    view.pointed = token;
    if (token) view.at = kept = null;
    showCell();
  }

  /** Keep the row of a query, or let it go if it is kept. In a pooled map, every query of a row is one row. */
  function toggle(query, panel, cell = null, only = undefined) {
    const row = cellOf(view.model, "queries", query);
    const same = locked.value !== null
      && (locked.value === query || (cell && row >= 0 && cellOf(view.model, "queries", locked.value) === row));
    if (same) return release();
    view.panel = panel;
    kept = cell;
    locked.choose(query);
    if (view.lockedRow?.row !== query) view.lockedRow = null;
    strip.follow("queries", query);
    showCell();
    showKept(only);
    return speak(`Row kept. ${strip.sentence()}`);
  }

  function release() {
    kept = null;
    if (locked.value !== null) {
      locked.choose(null);
      speak("Row let go.");
    }
    showCell();
  }

  function leave() {
    view.at = view.pointed = kept = null;
    showCell();
  }

  function speak(words) {
    live.textContent = words;
  }

  const keys = createKeys(view, {
    leave, zoomTo, speak,
    go: (at) => {
      go(at);
      if (sight.show(at.panel, at.row)) showCell();
    },
    toggle: (at) => toggle(winnerOf(view.model, at).query, at.panel, at),
    release: () => {
      if (kept) view.at = null;
      release();
    },
    dragging: () => drag.box,
    cancelDrag: drag.cancel,
  });

  function save(layout, kind, suffix = "") {
    const { model, theme } = view;
    const paint = (canvas) => paintFigure(canvas, model, layout, theme, 2, model.style.sizes.export_margin);
    saveFigure(`${model.file_name}${suffix}`, kind, paint, () => writeSvg(model, layout, theme));
  }

  on(overlay, "pointermove", (event) => {
    if (drag.box || (kept && event.clientX === clicked?.x && event.clientY === clicked.y)) return;
    const at = cellAt(overlay, view, event);
    const label = at ? null : labelAt(overlay, view, event);
    overlay.style.cursor = at ? "crosshair" : label ? "pointer" : "default";
    if (label) point(label);
    else if (at || !kept) go(at);
  });
  on(overlay, "pointerleave", () => {
    if (drag.box) return;
    if (!kept || !equal(view.at, kept)) leave();
  });
  on(overlay, "click", (event) => {
    if (drag.took()) return;
    clicked = { x: event.clientX, y: event.clientY };
    const at = cellAt(overlay, view, event);
    const label = at ? null : labelAt(overlay, view, event);
    if (label) toggle(label.index, 0, null);
    else if (at) {
      view.at = at;
      view.pointed = null;
      toggle(winnerOf(view.model, at).query, at.panel, at);
    }
  });
  on(overlay, "dblclick", () => view.model.window && zoomTo(null));
  on(overlay, "keydown", keys);
  on(overlay, "focus", () => {
    if (!view.at && view.layout && overlay.matches(":focus-visible")) {
      go({ panel: 0, row: 0, column: 0 });
      speak(readingText(view.model, view.at));
    }
  });
  on(overlay, "blur", () => kept || leave());
  on(whole, "click", () => zoomTo(null));
  on(find("[data-testid=heatmap-download-png]"), "click", () => save(view.layout, "png"));
  on(find("[data-testid=heatmap-download-svg]"), "click", () => save(view.layout, "svg"));
  on(root, "scroll", () => view.at && placeTooltip(root, tooltip, view));

  stage.watch(draw, () => {
    signature = "";
    measured.clear();
  });

  return {
    update,
    destroy: () => {
      stage.destroy();
      sight.stop();
      clearTimeout(patience);
      locked.stop();
      zoom.stop();
    },
  };
}
