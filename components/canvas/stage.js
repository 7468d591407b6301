// A figure on the page: two canvases, the download buttons, and what makes it be drawn again. One view lives as
// long as its element; new data are drawn into the same canvases.

const views = new WeakMap();

/** Give news to the view of this element, made at its first; returns what takes it away. */
function showView(parentElement, createView, ...news) {
  let view = views.get(parentElement);
  if (!view) {
    view = createView(parentElement.querySelector(".picture"));
    views.set(parentElement, view);
  }
  view.update(...news);
  return () => {
    view.destroy();
    views.delete(parentElement);
  };
}

function createStage(root) {
  const find = (selector) => root.querySelector(selector);
  const [figure, base, overlay, buttons] = [".figure", ".base", ".overlay", ".downloads"].map(find);
  const scratch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const stop = new AbortController();
  const on = (target, type, handler) => target.addEventListener(type, handler, { signal: stop.signal });
  let observer = null;

  /** Once the base canvas is painted: everything else takes the layout's size. */
  function fit(layout, width) {
    for (const canvas of [base, overlay]) {
      canvas.style.width = `${layout.width}px`;
      canvas.style.height = `${layout.height}px`;
    }
    figure.style.width = `${layout.width}px`;
    root.classList.toggle("scrolls", layout.width > width + 1);
    buttons.style.left = `${Math.min(layout.width, width) - buttons.offsetWidth}px`;
    overlay.width = base.width;
    overlay.height = base.height;
  }

  /** The context of the overlay, empty, in CSS pixels of the layout. */
  function clearOverlay(layout) {
    const context = overlay.getContext("2d");
    const ratio = overlay.width / layout.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, layout.width + 1, layout.height + 1);
    return context;
  }

  /** Call `draw` where the page may look different; `forget` first where measured text is no longer right. */
  function watch(draw, forget) {
    let widths = [];
    observer = new ResizeObserver(() => {
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
        forget();
        if (!stop.signal.aborted) draw();
      });
    }
  }

  return {
    find, on, figure, base, overlay, buttons, scratch, fit, clearOverlay, watch,
    tooltip: find(".tooltip"),
    live: find("[aria-live]"),
    signal: stop.signal,
    /** Width of a text in CSS pixels. */
    measure(theme, text, size, weight) {
      scratch.font = fontOf(theme, { size, weight });
      return scratch.measureText(text).width;
    },
    destroy() {
      observer?.disconnect();
      stop.abort();
    },
  };
}

/** Give a person the figure as a file: `paint(canvas)` for "png", or `write()`, its text, for "svg". */
function saveFigure(name, kind, paint, write) {
  const give = (blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.${kind}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  if (kind === "svg") return give(new Blob([write()], { type: "image/svg+xml;charset=utf-8" }));
  const canvas = document.createElement("canvas");
  paint(canvas);
  return canvas.toBlob((blob) => blob && give(blob), "image/png");
}

/** Parts of a sentence as nodes; tokens stay text and keep their own direction. */
function partNodes(parts) {
  return parts.map((part) => {
    if (typeof part === "string") return document.createTextNode(part);
    const node = document.createElement(part.token === undefined ? "span" : "bdi");
    node.className = part.token === undefined ? "weight" : "token";
    node.textContent = part.token ?? part.weight;
    return node;
  });
}
