// The strip on the page: one canvas, as high as what is seen of the sentence, that stays while the text
// scrolls behind it; so a text of a thousand tokens costs no more than a screenful.

const STUCK = 132; // CSS pixels of the strip that stay in sight over a tall map
const SEEN = 92; // of those, of the sentence

function createStrip(root, view, actions, signal) {
  const strip = root.querySelector(".strip");
  const scroller = strip.querySelector(".strip-scroll");
  const spacer = strip.querySelector(".strip-space");
  const canvas = strip.querySelector("canvas");
  const words = strip.querySelector(".strip-words");
  const letGo = strip.querySelector(".let-go");
  const buttons = [...strip.querySelectorAll("button:not(.let-go)")];
  const hint = words.textContent;
  let layout = null;
  let laidOut = "";
  let active = null; // the token that the keyboard is on

  /** Text layout depends on the tokens, the width and the font only: a new head keeps it. */
  function arrange(width) {
    const { model, theme, measure } = view;
    const wanted = [model.text, width, theme.font, document.fonts?.status].join("|");
    if (wanted === laidOut) return;
    const other = !laidOut.startsWith(`${model.text}|`);
    laidOut = wanted;
    const most = model.style.sizes.strip_height_max;
    layout = layoutSentence(model, width - 16, measure);
    if (layout.height > most) layout = layoutSentence(model, width - 32, measure); // the scroll bar's room
    const high = Math.min(layout.height, most);
    scroller.style.height = `${high}px`;
    canvas.style.height = `${high}px`;
    spacer.style.height = `${layout.height - high}px`;
    scroller.classList.toggle("scrolls", layout.height > most);
    strip.style.setProperty("--strip-below", `${Math.min(0, STUCK - high - 41)}px`);
    if (other) scroller.scrollTop = 0;
    for (const axis of ["queries", "keys"]) root.dataset[`${axis}Places`] = places(axis);
    active = null;
  }

  /** Where the tokens are, for tests: "x,y x,y ..." in the unscrolled canvas. */
  function places(axis) {
    return view.model.labels[axis].map((_, index) => {
      const { middle, y, height } = boxOf(view.model, layout, layout.one ? "queries" : axis, index);
      return `${Math.round(middle + 8)},${Math.round(y + height / 2)}`;
    }).join(" ");
  }

  /** Head, hint and padding included; known before the strip is drawn, so that the map can leave room. */
  function heightFor(width) {
    arrange(width);
    return Math.min(layout.height, view.model.style.sizes.strip_height_max) + 34;
  }

  function shownRow() {
    const shown = view.shownRow();
    if (!shown) return null;
    const { strip_edges: most, strip_edge_least: least } = view.model.style.sizes;
    const row = rowOf(view.received, view.lockedRow, shown.panel, shown.query);
    const edges = row ? strongestKeys(row, most, least * view.model.scale_max) : [];
    return { ...shown, row, edges, parts: describe(shown, row) };
  }

  /** The row in words, strings and {token} and {weight}. */
  function describe({ query, panel }, row) {
    const { model } = view;
    const { queries, keys } = model.labels;
    const title = model.panels.length > 1 && model.panels[panel].title ? `${model.panels[panel].title} · ` : "";
    const parts = [title, "'", { token: queries[query] }, `' (${counted(query + 1)} of ${counted(model.tokens[0])}) `];
    if (!row) return [...parts, "is outside this part of the map: click it for its row"];
    const most = strongestKeys(row, 3, 1e-12);
    if (!most.length) {
      const closed = row.allowed && row.known === "exact" && !row.allowed.includes(1);
      return [...parts, closed ? `: every cell of this row is ${model.mask_label.split(" (")[0]}` : "has no weight here"];
    }
    const unsure = { exact: "", part: "among the keys shown above", about: "approximate" }[row.known];
    const advice = unsure && view.locked !== query ? ", click for exact" : "";
    parts.push(model.scale === "signed" ? "changes most" : "looks most at", unsure && ` (${unsure}${advice})`, ": ");
    most.forEach(({ key, weight }, i) => {
      if (!i || Math.abs(weight) >= 0.005) parts.push(i ? ", '" : "'", { token: keys[key] }, "' ", { weight: weightText(weight, model) });
    });
    return parts;
  }

  /** While a row is kept: what it gives the token that is pointed at in the sentence. */
  function pairWords({ query, row }) {
    const { model, pointed } = view;
    if (view.locked === null || !pointed || !row || !(model.labels.one_text || pointed.axis === "keys")) return null;
    const key = pointed.index;
    if (model.labels.one_text && key === query) return null; // the kept token itself: its row
    if (row.allowed && !row.allowed[key]) return maskedParts(model, query, key);
    const weight = row.weights[key];
    if (Number.isNaN(weight)) return null;
    const detail = ` (${positionText(model, query, key)}; ${exactText(weight)})`;
    return [...pairParts(model, query, key, weight, row.before?.[key]), detail];
  }

  function draw() {
    if (!view.layout || !layout) return;
    const { model, theme } = view;
    const shown = shownRow();
    const ratio = window.devicePixelRatio || 1;
    const wide = Math.max(1, scroller.clientWidth);
    const high = Math.min(layout.height, model.style.sizes.strip_height_max);
    const [width, height] = [Math.round(wide * ratio), Math.round(high * ratio)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    canvas.style.width = `${wide}px`;
    const context = canvas.getContext("2d");
    const top = scroller.scrollTop;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
    context.setTransform(ratio, 0, 0, ratio, 8 * ratio, -top * ratio);
    const state = { row: shown?.row, query: shown?.query, edges: shown?.edges ?? [], pointed: view.pointed };
    paintShapes(context, theme, model, sentenceShapes(model, theme, layout, state, [top, top + high], view.measure));
    say(shown);
  }

  function say(shown) {
    const locked = view.locked !== null;
    strip.classList.toggle("locked", locked);
    for (const button of buttons) button.disabled = !shown;
    letGo.classList.toggle("absent", !locked);
    words.classList.toggle("hint", !shown);
    const pair = shown && pairWords(shown);
    if (!shown) words.textContent = hint;
    else if (pair) words.replaceChildren(...partNodes(pair));
    else words.replaceChildren(...partNodes(shown.parts));
    root.dataset.row = shown ? shown.query : "";
    root.dataset.known = shown?.row?.known ?? "";
  }

  /** Scroll the sentence, never the page, so that a token is seen. */
  function follow(axis, index) {
    if (!layout || scroller.scrollHeight <= scroller.clientHeight) return;
    const box = boxOf(view.model, layout, layout.one ? "queries" : axis, index);
    const seen = [scroller.scrollTop + 30, scroller.scrollTop + SEEN - box.height];
    if (box.y < seen[0] || box.y > seen[1]) scroller.scrollTop = box.y - (SEEN - box.height) / 2 - 12;
  }

  function tokenUnder(event) {
    if (!layout) return null;
    const place = canvas.getBoundingClientRect();
    return tokenAt(view.model, layout, event.clientX - place.left - 8, event.clientY - place.top + scroller.scrollTop);
  }

  function save(kind) {
    const shown = shownRow();
    if (!shown) return;
    const { model, theme } = view;
    const figure = sentenceFigure(model, theme, layout, { ...shown, sentence: partsText(shown.parts) }, view.measure);
    actions.save(figure, kind, `-row${shown.query + 1}`);
  }

  const on = (target, type, handler) => target.addEventListener(type, handler, { signal });
  on(scroller, "scroll", draw);
  on(canvas, "pointermove", (event) => {
    const token = tokenUnder(event);
    canvas.style.cursor = token ? "pointer" : "default";
    actions.point(token);
  });
  on(canvas, "pointerleave", () => actions.point(null));
  on(canvas, "click", (event) => {
    const token = tokenUnder(event);
    if (token && (layout.one || token.axis === "queries")) actions.toggle(token.index, 0);
  });
  on(canvas, "blur", () => actions.point(null));
  on(canvas, "keydown", (event) => {
    if (!layout || event.altKey || event.metaKey || event.ctrlKey) return;
    const last = view.model.tokens[0] - 1;
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step !== undefined) {
      active = active === null ? view.locked ?? 0 : Math.max(0, Math.min(active + step, last));
      follow("queries", active);
      actions.point({ axis: "queries", index: active });
      actions.speak(partsText(describe({ query: active, panel: 0 }, rowOf(view.received, view.lockedRow, 0, active))));
    } else if ((event.key === "Enter" || event.key === " ") && active !== null) actions.toggle(active, 0);
    else if (event.key === "Escape" && (view.locked !== null || view.pointed)) actions.escape();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  on(letGo, "click", actions.escape);
  on(buttons[0], "click", () => save("png"));
  on(buttons[1], "click", () => save("svg"));

  return { draw, follow, heightFor, sentence: () => partsText(shownRow()?.parts ?? []) };
}
