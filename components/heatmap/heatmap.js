// What a person does with the figure: hover, click, keys, downloads. One view lives as long as its
// element; new data are drawn into the same canvases.

const views = new WeakMap();

export default function heatmap({ data, parentElement }) {
  let view = views.get(parentElement);
  if (!view) {
    view = createView(parentElement);
    views.set(parentElement, view);
  }
  view.update(data);
  return () => {
    view.destroy();
    views.delete(parentElement);
  };
}

function createView(parentElement) {
  const root = parentElement.querySelector(".heatmap");
  const figure = root.querySelector(".figure");
  const base = root.querySelector(".base");
  const overlay = root.querySelector(".overlay");
  const buttons = root.querySelector(".downloads");
  const tooltip = root.querySelector(".tooltip");
  const live = root.querySelector("[aria-live]");
  const scratch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const stop = new AbortController();
  const view = { model: null, layout: null, theme: null, at: null, pinned: false, drawn: 0, signature: "" };
  let widths = [];

  const measure = (text, size, weight) => {
    scratch.font = fontOf(view.theme, { size, weight });
    return scratch.measureText(text).width;
  };

  function draw() {
    const width = Math.floor(root.clientWidth);
    if (!view.model || width <= 0) return; // hidden, as in a closed tab: the observer calls again
    const { model } = view;
    const ratio = window.devicePixelRatio || 1;
    view.theme = readTheme(root, scratch, model.style);
    const { background, text, font } = view.theme;
    const signature = [model.digest, model.height, width, ratio, window.innerHeight, background, text, font].join("|");
    if (signature === view.signature) return;
    view.signature = signature;
    const space = { width, height: model.height ?? null, windowHeight: window.innerHeight, ratio };
    const layout = layoutFigure(model, space, measure);
    view.layout = layout;
    paintFigure(base, model, layout, view.theme, ratio);
    for (const canvas of [base, overlay]) {
      canvas.style.width = `${layout.width}px`;
      canvas.style.height = `${layout.height}px`;
    }
    figure.style.width = `${layout.width}px`;
    root.classList.toggle("scrolls", layout.width > width + 1);
    buttons.style.left = `${Math.min(layout.width, width) - buttons.offsetWidth}px`;
    overlay.width = base.width;
    overlay.height = base.height;
    showCell();
    view.drawn += 1;
    root.dataset.panels = model.panels.length;
    [root.dataset.queries, root.dataset.keys] = model.tokens;
    root.dataset.cell = layout.cell;
    root.dataset.drawn = view.drawn;
    performance.mark("attendome-heatmap-drawn");
  }

  function update(payload) {
    if (!payload?.panels) return;
    const same = view.model?.digest === payload.digest;
    if (same) view.model.height = payload.height;
    else {
      const before = view.model;
      view.model = readPayload(payload);
      const shape = (model) => [...model.shape, ...model.pool, model.panels.length].join();
      if (before && shape(before) !== shape(view.model)) leave();
      overlay.setAttribute("aria-label", payload.title || "Attention heatmap");
      root.querySelector("#description").textContent = payload.description;
    }
    draw();
  }

  /** The overlay and the tooltip follow `view.at`; the figure beneath is not drawn again. */
  function showCell() {
    const { layout, theme, at, model } = view;
    if (!layout) return;
    const context = overlay.getContext("2d");
    const ratio = overlay.width / layout.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, layout.width + 1, layout.height + 1);
    tooltip.hidden = !at;
    tooltip.classList.toggle("pinned", view.pinned);
    if (!at) return;
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
      outline(context, x, y, Math.max(cell, 3), here ? 2 : 1.25);
    });
    const { parts, detail, query, key } = reading(model, at);
    emphasise(context, layout.rowLabel(at.panel, at.row, true, query));
    emphasise(context, layout.columnLabel(at.panel, at.column, true, key));
    const sentence = parts.map((part) => {
      if (typeof part === "string") return document.createTextNode(part);
      const node = document.createElement(part.token === undefined ? "span" : "bdi");
      node.className = part.token === undefined ? "weight" : "token";
      node.textContent = part.token ?? part.weight;
      return node;
    });
    tooltip.firstElementChild.replaceChildren(...sentence);
    tooltip.lastElementChild.textContent = view.pinned ? `${detail} · pinned, Esc releases` : detail;
    placeTooltip();
  }

  /** Seen on every colour: a ring of the page's colour around one of the text's. */
  function outline(context, x, y, side, thick) {
    context.strokeStyle = view.theme.background;
    context.lineWidth = thick + 2;
    context.strokeRect(x - 0.5, y - 0.5, side, side);
    context.strokeStyle = view.theme.text;
    context.lineWidth = thick;
    context.strokeRect(x - 0.5, y - 0.5, side, side);
  }

  /** A label again, strong, on a patch that covers the plain one and its neighbours. */
  function emphasise(context, label) {
    const wide = Math.max(measure(label.text, label.size, label.weight), label.patch);
    const start = { left: 0, center: wide / 2, right: wide }[label.align];
    context.save();
    context.translate(label.x, label.y);
    context.rotate(label.angle ?? 0);
    context.fillStyle = view.theme.background;
    context.fillRect(-start - 3, -label.size * 0.95, wide + 6, label.size * 1.3);
    context.restore();
    paintText(context, view.theme, label);
  }

  function placeTooltip() {
    const { layout, at } = view;
    const place = layout.panels[at.panel];
    const left = place.x + at.column * layout.cell - root.scrollLeft;
    const upper = place.y + at.row * layout.cell;
    const away = 10;
    const wide = tooltip.offsetWidth;
    const high = tooltip.offsetHeight;
    const seen = window.innerHeight - root.getBoundingClientRect().top; // a tall figure ends below the window
    const room = { x: root.clientWidth, y: Math.min(root.clientHeight, seen) };
    let x = left + layout.cell + away;
    if (x + wide > room.x) x = left - away - wide;
    let y = upper + layout.cell + away;
    if (y + high > room.y) y = upper - away - high;
    tooltip.style.left = `${Math.max(0, Math.min(x, room.x - wide)) + root.scrollLeft}px`;
    tooltip.style.top = `${Math.max(0, Math.min(y, room.y - high))}px`;
  }

  function cellAt(event) {
    if (!view.layout) return null;
    const box = overlay.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const { panels, cell } = view.layout;
    const [queries, keys] = view.model.shape;
    const panel = panels.findIndex((p) => x >= p.x && x < p.x + p.width && y >= p.y && y < p.y + p.height);
    if (panel < 0) return null;
    const row = Math.min(Math.floor((y - panels[panel].y) / cell), queries - 1);
    const column = Math.min(Math.floor((x - panels[panel].x) / cell), keys - 1);
    return { panel, row, column };
  }

  const equal = (a, b) => a === b || (a && b && a.panel === b.panel && a.row === b.row && a.column === b.column);

  function go(at) {
    if (equal(at, view.at)) return;
    view.at = at;
    showCell();
  }

  /** Pinning is the one thing a person chooses here; a selected cell would be sent to Python from here. */
  function pin(pinned) {
    view.pinned = pinned;
    showCell();
  }

  function leave() {
    view.at = null;
    view.pinned = false;
    showCell();
  }

  function announce() {
    const { parts, detail } = reading(view.model, view.at);
    const words = parts.map((part) => (typeof part === "string" ? part : part.token ?? part.weight));
    live.textContent = `${words.join("")}, ${detail}`;
  }

  const clamp = (value, most) => Math.max(0, Math.min(value, most));
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

  function onKey(event) {
    if (!view.layout || event.altKey || event.metaKey) return;
    if (event.key === "Escape") {
      if (!view.at) return;
      leave();
      live.textContent = "";
    } else if ((event.key === "Enter" || event.key === " ") && view.at) {
      pin(!view.pinned);
    } else if (moves[event.key]) {
      const [queries, keys] = view.model.shape;
      const next = view.at ? moves[event.key](view.at, event.ctrlKey) : { panel: 0, row: 0, column: 0 };
      go({
        panel: clamp(next.panel, view.model.panels.length - 1),
        row: clamp(next.row, queries - 1),
        column: clamp(next.column, keys - 1),
      });
      announce();
    } else return;
    event.preventDefault();
    event.stopPropagation(); // or the page would take these keys for its own
  }

  function save(blob, ending) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${view.model.file_name}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  function savePng() {
    const canvas = document.createElement("canvas");
    paintFigure(canvas, view.model, view.layout, view.theme, 2, view.model.style.sizes.export_margin);
    canvas.toBlob((blob) => blob && save(blob, "png"), "image/png");
  }

  function saveSvg() {
    const text = writeSvg(view.model, view.layout, view.theme);
    save(new Blob([text], { type: "image/svg+xml;charset=utf-8" }), "svg");
  }

  const on = (target, type, handler) => target.addEventListener(type, handler, { signal: stop.signal });
  on(overlay, "pointermove", (event) => {
    const at = cellAt(event);
    overlay.style.cursor = at ? "crosshair" : "default";
    if (!view.pinned) go(at);
  });
  on(overlay, "pointerleave", () => view.pinned || go(null));
  on(overlay, "click", (event) => {
    const at = cellAt(event);
    if (!at || (view.pinned && equal(at, view.at))) return leave();
    view.at = at;
    return pin(true);
  });
  on(overlay, "keydown", onKey);
  on(overlay, "focus", () => {
    if (!view.at && view.layout && overlay.matches(":focus-visible")) {
      go({ panel: 0, row: 0, column: 0 });
      announce();
    }
  });
  on(overlay, "blur", () => view.pinned || go(null));
  on(root.querySelector("[data-testid=heatmap-download-png]"), "click", savePng);
  on(root.querySelector("[data-testid=heatmap-download-svg]"), "click", saveSvg);
  on(root, "scroll", () => view.at && placeTooltip());

  const observer = new ResizeObserver(() => {
    const width = root.clientWidth;
    // A page's scroll bar that comes and goes with our height would make us flip for ever.
    if (widths.length === 2 && width === widths[0] && width > widths[1]) return;
    if (width !== widths.at(-1)) {
      widths = [...widths, width].slice(-2);
      setTimeout(() => { widths = widths.slice(-1); }, 300);
    }
    draw();
  });
  observer.observe(root);
  // Page zoom, or another screen. (Height alone changes nothing: phones change it while scrolling.)
  let ratioSeen = window.devicePixelRatio;
  on(window, "resize", () => {
    if (window.devicePixelRatio === ratioSeen) return;
    ratioSeen = window.devicePixelRatio;
    draw();
  });
  if (document.fonts && document.fonts.status !== "loaded") {
    document.fonts.ready.then(() => {
      view.signature = "";
      if (!stop.signal.aborted) draw();
    });
  }

  return {
    update,
    destroy: () => {
      observer.disconnect();
      stop.abort();
    },
  };
}
