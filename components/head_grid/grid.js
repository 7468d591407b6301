// What a person does with the grid: hover, click, keys, downloads.

export default function headGrid({ data, parentElement, setTriggerValue }) {
  return showView(parentElement, createView, data, setTriggerValue);
}

function createView(root) {
  const stage = createStage(root);
  const { find, on, figure, base, overlay, tooltip, live } = stage;
  // at: index of the head under the mouse or the keys; last: where the keys go on from; chosen: an index.
  const view = { model: null, layout: null, theme: null, at: null, last: null, chosen: null, drawn: 0, signature: "" };
  let send = () => {};

  const measure = (...text) => stage.measure(view.theme, ...text);
  const place = (head) => head && [head.layer, head.head, head.summary];
  const indexOf = (wanted) =>
    wanted ? view.model.heads.findIndex((head) => String(place(head)) === String(wanted)) : -1;

  function draw() {
    const width = Math.floor(root.clientWidth);
    if (!view.model || width <= 0) return; // hidden, as in a closed tab: the observer calls again
    const { model } = view;
    const ratio = window.devicePixelRatio || 1;
    view.theme = readTheme(root, stage.scratch, model.style);
    const { background, text, primary, font } = view.theme;
    const signature = [model.digest, width, ratio, window.innerHeight, background, text, primary, font].join("|");
    if (signature === view.signature) return;
    view.signature = signature;
    const layout = layoutGrid(model, { width, windowHeight: window.innerHeight, ratio }, measure);
    view.layout = layout;
    paintFigure(base, model, layout, view.theme, ratio);
    stage.fit(layout, width);
    showHead();
    view.drawn += 1;
    [root.dataset.queries, root.dataset.keys] = model.tokens;
    root.dataset.heads = model.heads.length;
    root.dataset.order = model.order;
    root.dataset.scale = model.scale;
    root.dataset.thumb = layout.thumb.join(" ");
    root.dataset.columns = layout.columns;
    // Where tests find a head: the middle of each thumbnail, in the order of the header.
    root.dataset.middles = layout.cells
      .map((cell) => `${Math.round(cell.x + layout.thumb[0] / 2)},${Math.round(cell.y + layout.thumb[1] / 2)}`)
      .join(" ");
    root.dataset.drawn = view.drawn;
    performance.mark("attendome-head-grid-drawn");
  }

  function update(bytes, setTriggerValue) {
    if (!(bytes instanceof Uint8Array)) return;
    performance.mark("attendome-head-grid-arrived");
    send = (value) => setTriggerValue("open", value);
    const model = readPayload(bytes);
    if (view.model?.digest !== model.digest) {
      const [at, last] = [view.at, view.last].map((index) => place(view.model?.heads[index]));
      view.model = model;
      [view.at, view.last] = [at, last].map((wanted) => (indexOf(wanted) < 0 ? null : indexOf(wanted)));
      overlay.setAttribute("aria-label", model.title || "All heads");
      find("#description").textContent = model.description;
    }
    choose(indexOf(model.chosen));
    draw();
  }

  function choose(index) {
    view.chosen = index < 0 ? null : index;
    root.dataset.chosen = view.chosen === null ? "" : view.model.heads[view.chosen].name;
    showHead();
  }

  /** The overlay and the tooltip follow `view.at` and `view.chosen`; the figure beneath is not drawn again. */
  function showHead() {
    const { layout, theme, at, model, chosen } = view;
    tooltip.hidden = at === null || !layout;
    if (!layout || layout.cells.length !== model.heads.length) return;
    const context = stage.clearOverlay(layout);
    if (chosen !== null) {
      emphasise(context, layout.cells[chosen]);
      paintHeadRing(context, theme, layout.cells[chosen], layout.thumb, theme.primary, 3.5, at === chosen ? 1.5 : 0);
    }
    if (at === null) return;
    const cell = layout.cells[at];
    emphasise(context, cell);
    paintHeadRing(context, theme, cell, layout.thumb, theme.text, 2);
    const { name, role, parts } = reading(model, model.heads[at]);
    const [nameLine, roleLine, detail] = tooltip.children;
    nameLine.textContent = name;
    roleLine.textContent = role;
    roleLine.hidden = !role;
    detail.replaceChildren(...partNodes(parts));
    placeTooltip();
  }

  /** The labels of a thumbnail again, strong, on a patch that covers the plain ones. */
  function emphasise(context, cell) {
    const { layout, theme } = view;
    for (const plain of [cell.label, layout.rowLabels[cell.row], layout.columnLabels[cell.column]]) {
      if (!plain) continue;
      const strong = { ...plain, weight: 700 };
      const wide = measure(strong.text, strong.size, strong.weight) + 2;
      const start = { left: 0, center: wide / 2, right: wide - 1 }[plain.align];
      context.fillStyle = theme.background;
      context.fillRect(plain.x - start - 1, plain.y - plain.size, wide + 1, plain.size * 1.34);
      paintText(context, theme, strong);
    }
  }

  function placeTooltip() {
    const { layout, at } = view;
    const cell = layout.cells[at];
    const away = 10;
    const left = cell.x - root.scrollLeft;
    const [wide, high] = [tooltip.offsetWidth, tooltip.offsetHeight];
    const seen = window.innerHeight - root.getBoundingClientRect().top; // a tall figure ends below the window
    const room = { x: root.clientWidth, y: Math.min(root.clientHeight, seen) };
    let x = left + layout.thumb[0] + away;
    if (x + wide > room.x) x = left - away - wide;
    const y = Math.max(0, Math.min(cell.y + layout.thumb[1] * 0.35, room.y - high));
    tooltip.style.left = `${Math.max(0, Math.min(x, room.x - wide)) + root.scrollLeft}px`;
    tooltip.style.top = `${y}px`;
  }

  function headAt(event) {
    if (!view.layout) return null;
    const bounds = overlay.getBoundingClientRect();
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    const [wide, high] = view.layout.thumb;
    const near = 2; // so that the gaps between thumbnails do not flicker
    const index = view.layout.cells.findIndex((cell) =>
      x >= cell.x - near && x < cell.x + wide + near && y >= cell.y - near && y < cell.y + high + near);
    return index < 0 ? null : index;
  }

  function go(index) {
    if (index === view.at) return;
    view.at = index;
    if (index !== null) view.last = index;
    showHead();
  }

  function open(index) {
    choose(index); // at once: the page's answer may take a moment
    const head = view.model.heads[index];
    send({ layer: head.layer, head: head.head, summary: head.summary });
  }

  function announce() {
    const { name, role, parts } = reading(view.model, view.model.heads[view.at]);
    const chosen = view.at === view.chosen ? ", chosen" : "";
    live.textContent = `${name}${chosen}. ${role ? `${role}. ` : ""}${partsText(parts)}`;
  }

  /** The nearest head from `from` in rows and columns; where the grid has a hole, the next one behind it. */
  function step(from, down, across) {
    const { cells, rows, columns } = view.layout;
    let { row, column } = cells[from];
    for (;;) {
      row += down;
      column += across;
      if (row < 0 || column < 0 || row >= rows || column >= columns) return from;
      const found = cells.findIndex((cell) => cell.row === row && cell.column === column);
      if (found >= 0) return found;
    }
  }

  function end(from, down, across) {
    let now = from;
    for (let next = step(now, down, across); next !== now; next = step(now, down, across)) now = next;
    return now;
  }

  const clamp = (index) => Math.max(0, Math.min(index, view.model.heads.length - 1));
  const moves = {
    ArrowUp: (at) => step(at, -1, 0),
    ArrowDown: (at) => step(at, 1, 0),
    ArrowLeft: (at) => (view.layout.flow ? clamp(at - 1) : step(at, 0, -1)),
    ArrowRight: (at) => (view.layout.flow ? clamp(at + 1) : step(at, 0, 1)),
    Home: (at, far) => (far ? 0 : end(at, 0, -1)),
    End: (at, far) => (far ? clamp(Infinity) : end(at, 0, 1)),
    PageUp: (at) => end(at, -1, 0),
    PageDown: (at) => end(at, 1, 0),
  };

  function onKey(event) {
    if (!view.layout || event.altKey || event.metaKey) return;
    if (event.key === "Escape") {
      if (view.at === null) return;
      go(null);
      live.textContent = "";
    } else if ((event.key === "Enter" || event.key === " ") && view.at !== null) {
      if (!event.repeat) open(view.at);
    } else if (moves[event.key]) {
      const from = view.at ?? view.last;
      go(from === null ? view.chosen ?? 0 : moves[event.key](from, event.ctrlKey));
      announce();
      intoSight();
    } else return;
    event.preventDefault();
    event.stopPropagation(); // or the page would take these keys for its own
  }

  /** The grid may be taller than the window: scroll so that the head in question is seen. */
  function intoSight() {
    const cell = view.layout.cells[view.at];
    const target = document.createElement("i");
    Object.assign(target.style, {
      position: "absolute", left: `${cell.x - 8}px`, top: `${cell.y - 30}px`, visibility: "hidden", scrollMarginTop: "64px",
      width: `${view.layout.thumb[0] + 16}px`, height: `${view.layout.thumb[1] + 60}px`,
    });
    figure.append(target);
    target.scrollIntoView({ block: "nearest", inline: "nearest" });
    target.remove();
  }

  function save(kind) {
    const { model, layout, theme, chosen } = view;
    const paint = (canvas) => {
      paintFigure(canvas, model, layout, theme, 2, model.style.sizes.export_margin);
      if (chosen === null) return;
      paintHeadRing(canvas.getContext("2d"), theme, layout.cells[chosen], layout.thumb, theme.primary, 3);
    };
    saveFigure(model.file_name, kind, paint, () => writeSvg(model, layout, theme, chosen));
  }

  on(overlay, "pointermove", (event) => {
    const index = headAt(event);
    overlay.style.cursor = index === null ? "default" : "pointer";
    go(index);
  });
  on(overlay, "pointerleave", () => go(null));
  on(overlay, "click", (event) => {
    const index = headAt(event);
    if (index === null) return;
    go(index);
    open(index);
  });
  on(overlay, "keydown", onKey);
  on(overlay, "focus", () => {
    if (view.at === null && view.layout && overlay.matches(":focus-visible")) {
      go(view.last ?? view.chosen ?? 0);
      announce();
    }
  });
  on(overlay, "blur", () => go(null));
  on(find("[data-testid=head-grid-download-png]"), "click", () => save("png"));
  on(find("[data-testid=head-grid-download-svg]"), "click", () => save("svg"));
  on(root, "scroll", () => view.at !== null && placeTooltip());

  stage.watch(draw, () => { view.signature = ""; });
  return { update, destroy: stage.destroy };
}
