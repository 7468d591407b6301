// What a person does with the drawing: point, click, keys, downloads.

export default function drawing({ data, parentElement, setTriggerValue }) {
  return showView(parentElement, createView, data, setTriggerValue);
}

function createView(root) {
  const stage = createStage(root);
  const { find, on, base, overlay, buttons, tooltip, live } = stage;
  // `at` is what is pointed at: a target, or a hint (a shortened text).
  const view = { model: null, layout: null, theme: null, at: null, send: null, drawn: 0, signature: "" };

  const measure = (...text) => stage.measure(view.theme, ...text);

  function draw() {
    const width = Math.floor(root.clientWidth);
    if (!view.model || width <= 0) return; // hidden, as in a closed tab: the observer calls again
    const { model } = view;
    const ratio = window.devicePixelRatio || 1;
    view.theme = readTheme(root, stage.scratch, model.style);
    const { background, text, font } = view.theme;
    const signature = [model.digest, width, ratio, background, text, font].join("|");
    if (signature === view.signature) return;
    view.signature = signature;
    const index = view.layout?.targets.indexOf(view.at) ?? -1;
    const layout = layoutDrawing(model, { width, ratio }, measure);
    view.layout = layout;
    paintDrawing(base, model, layout, view.theme, ratio);
    stage.fit(layout, width);
    view.at = layout.targets[index] ?? null;
    show();
    view.drawn += 1;
    root.dataset.targets = layout.targets.length;
    root.dataset.columns = layout.shown;
    root.dataset.drawn = view.drawn;
  }

  function update(payload, send) {
    if (!payload?.shapes) return;
    view.send = send;
    if (view.model?.digest !== payload.digest) {
      view.model = payload;
      view.at = payload.shapes.length === view.shapes ? view.at : null;
      view.shapes = payload.shapes.length;
      name(payload);
    }
    draw();
  }

  /** Names for tests, for screen readers, and what keys do. */
  function name(payload) {
    const pointed = payload.shapes.some((shape) => shape.tooltip || shape.click !== undefined);
    root.dataset.testid = payload.test_id;
    for (const [element, part] of [[tooltip, "tooltip"], [live, "live"]]) {
      element.dataset.testid = `${payload.test_id}-${part}`;
    }
    root.setAttribute("aria-label", payload.title || "Picture");
    overlay.setAttribute("aria-label", payload.title || "Picture");
    overlay.setAttribute("role", pointed ? "application" : "img");
    overlay.setAttribute("aria-describedby", pointed ? "description keys" : "description");
    if (pointed) {
      overlay.setAttribute("aria-roledescription", "picture");
      overlay.tabIndex = 0;
    } else {
      overlay.removeAttribute("aria-roledescription");
      overlay.removeAttribute("tabindex");
    }
    find("#description").textContent = payload.description;
    find("#keys").textContent =
      `Arrow keys move from part to part${payload.clickable ? ", Enter presses it" : ""}, Escape leaves.`;
    for (const ending of ["png", "svg"]) {
      const button = buttons.querySelector(`.${ending}`);
      button.dataset.testid = `${payload.test_id}-${ending}`;
      const picture = payload.title ? `“${payload.title}”` : "this picture";
      button.setAttribute("aria-label", `Download ${picture} as ${ending.toUpperCase()}`);
    }
  }

  const canPress = (target) => Boolean(view.model.clickable && target?.click !== undefined);

  /** The overlay and the tooltip follow `view.at`; the drawing beneath is not drawn again. */
  function show() {
    const { layout, theme, at } = view;
    if (!layout) return;
    const context = stage.clearOverlay(layout);
    tooltip.hidden = !at?.tooltip;
    if (!at) return;
    if (layout.targets.includes(at)) {
      const ring = { x: at.x - 0.5, y: at.y - 0.5, width: at.width + 1, height: at.height + 1 };
      paintRing(context, theme, ring, canPress(at) ? 2 : 1.25, { under: 4 });
    }
    const [head, ...rest] = at.tooltip.split("\n");
    tooltip.firstElementChild.textContent = head;
    tooltip.lastElementChild.textContent = rest.join("\n");
    placeTooltip();
  }

  function placeTooltip() {
    const { at, pointer } = view;
    const [wide, high] = [tooltip.offsetWidth, tooltip.offsetHeight];
    const seen = window.innerHeight - root.getBoundingClientRect().top; // a tall drawing ends below the window
    const room = { x: root.clientWidth, y: Math.min(root.clientHeight, seen) };
    const away = 10;
    // Beside a cell; under a row, where the mouse is.
    const broad = at.width > wide;
    let x = broad ? (pointer?.x ?? at.x + 40) - root.scrollLeft + 14 : at.x - root.scrollLeft + at.width + away;
    let y = broad ? at.y + at.height + 5 : at.y + at.height * 0.5 + away;
    if (x + wide > room.x) x = broad ? room.x - wide : at.x - root.scrollLeft - away - wide;
    if (y + high > room.y) y = at.y - high - 5;
    tooltip.style.left = `${Math.max(0, Math.min(x, room.x - wide)) + root.scrollLeft}px`;
    tooltip.style.top = `${Math.max(Math.min(0, room.y - high), y)}px`;
  }

  function targetAt(event) {
    if (!view.layout) return null;
    const box = overlay.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    view.pointer = { x, y };
    const holds = (t) => x >= t.x && x < t.x + t.width && y >= t.y && y < t.y + t.height;
    // The last one drawn lies on top.
    return view.layout.targets.findLast(holds) ?? view.layout.hints.findLast(holds) ?? null;
  }

  function go(target) {
    if (target === view.at) return;
    view.at = target;
    show();
  }

  function press(target) {
    if (canPress(target)) view.send("clicked", target.click);
  }

  /** The nearest target in a direction: what lies straight ahead before what lies aside. */
  function neighbour(from, dx, dy) {
    const middle = (t) => [t.x + t.width / 2, t.y + t.height / 2];
    const [x, y] = middle(from);
    let best = null;
    for (const target of view.layout.targets) {
      const [tx, ty] = middle(target);
      const ahead = (tx - x) * dx + (ty - y) * dy;
      const aside = Math.abs((tx - x) * dy) + Math.abs((ty - y) * dx);
      if (ahead <= 1 || aside > ahead * 4 + (dy ? 1e4 : 1)) continue;
      const far = ahead + 3 * aside;
      if (!best || far < best.far) best = { target, far };
    }
    return best?.target ?? from;
  }

  const moves = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  function walk(key) {
    const { targets } = view.layout;
    if (!targets.includes(view.at)) return targets[0];
    if (key === "Home") return targets[0];
    if (key === "End") return targets.at(-1);
    return neighbour(view.at, ...moves[key]);
  }

  function announce() {
    const words = view.at.tooltip.split("\n").join(". ");
    live.textContent = canPress(view.at) ? `${words}. Enter presses it.` : words;
  }

  /** A wide drawing scrolls along with the keys. */
  function reveal() {
    const { x, width } = view.at;
    if (x < root.scrollLeft) root.scrollLeft = x - 8;
    else if (x + width > root.scrollLeft + root.clientWidth) root.scrollLeft = x + width + 8 - root.clientWidth;
  }

  function onKey(event) {
    if (!view.layout?.targets.length || event.altKey || event.metaKey || event.ctrlKey) return;
    if (event.key === "Escape") {
      if (!view.at) return;
      go(null);
      live.textContent = "";
    } else if (event.key === "Enter" || event.key === " ") {
      if (!canPress(view.at)) return;
      press(view.at);
    } else if (moves[event.key] || event.key === "Home" || event.key === "End") {
      view.pointer = null;
      go(walk(event.key));
      reveal();
      announce();
    } else return;
    event.preventDefault();
    event.stopPropagation(); // or the page would take these keys for its own
  }

  function save(kind) {
    const { model, layout, theme } = view;
    const paint = (canvas) => paintDrawing(canvas, model, layout, theme, 2, model.style.sizes.export_margin);
    saveFigure(model.file_name, kind, paint, () => writeSvg(model, layout, theme));
  }

  on(overlay, "pointermove", (event) => {
    const target = targetAt(event);
    overlay.style.cursor = canPress(target) ? "pointer" : "default";
    go(target);
  });
  on(overlay, "pointerleave", () => go(null));
  on(overlay, "click", (event) => {
    const target = targetAt(event);
    go(target);
    press(target);
  });
  on(overlay, "keydown", onKey);
  on(overlay, "focus", () => {
    if (!view.at && view.layout?.targets.length && overlay.matches(":focus-visible")) {
      view.pointer = null;
      go(view.layout.targets[0]);
      announce();
    }
  });
  on(overlay, "blur", () => go(null));
  on(buttons.querySelector(".png"), "click", () => save("png"));
  on(buttons.querySelector(".svg"), "click", () => save("svg"));
  on(root, "scroll", () => view.at && placeTooltip());

  stage.watch(draw, () => { view.signature = ""; });
  return { update, destroy: stage.destroy };
}
