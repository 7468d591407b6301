// The strip on the page: one canvas, as high as what is seen of the sentence, that stays while the text
// scrolls behind it; so a text of a thousand tokens costs no more than a screenful.

const SEEN = 91; // CSS pixels of a long sentence that stay in sight over a tall map
const WHOLE = { one: 0.27, two: 0.42 }; // of the window's height: a strip no higher than this stays whole
const TWO_TEXTS = 350; // two texts are no higher than this, or scroll
const NARROW_STRIP = 760; // CSS pixels; below, its words take two lines

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
  let high = 0; // CSS pixels of the sentence that are seen without scrolling it
  let stuck = 0; // of the strip that stay in sight while a row is kept; 0 where it does not stick
  let active = null; // the token that the keyboard is on, {axis, index}

  /** Text layout depends on the tokens, the width and the font only: a new head keeps it. */
  function arrange(width) {
    const { model, theme, measure } = view;
    const wanted = [model.text, model.sentence, width, theme.font, document.fonts?.status].join("|");
    if (wanted === laidOut) return;
    const other = !laidOut.startsWith(`${model.text}|`);
    laidOut = wanted;
    strip.classList.toggle("narrow", width < NARROW_STRIP);
    scroller.hidden = !model.sentence;
    for (const button of buttons) button.hidden = !model.sentence;
    active = null;
    if (!model.sentence) { // a row is told in words alone
      layout = { one: model.labels.one_text, height: 0, lines: [] };
      high = 0;
      return;
    }
    layout = layoutSentence(model, width - 16, measure);
    const long = model.style.sizes.strip_height_max;
    const most = layout.one || layout.height > TWO_TEXTS ? long : TWO_TEXTS;
    if (layout.height > most) layout = layoutSentence(model, width - 32, measure); // the scroll bar's room
    high = Math.min(layout.height, most);
    scroller.style.height = `${high}px`;
    canvas.style.height = `${high}px`;
    spacer.style.height = `${layout.height - high}px`;
    scroller.classList.toggle("scrolls", layout.height > most);
    if (other) scroller.scrollTop = 0;
    for (const axis of ["queries", "keys"]) root.dataset[`${axis}Places`] = places(axis);
  }

  /** Where the tokens are, for tests: "x,y x,y ..." in the unscrolled canvas. */
  function places(axis) {
    return view.model.labels[axis].map((_, index) => {
      const { middle, y, height } = boxOf(view.model, layout, layout.one ? "queries" : axis, index);
      return `${Math.round(middle + 8)},${Math.round(y + height / 2)}`;
    }).join(" ");
  }

  /** Line, hint and padding included; known before the strip is drawn, so that the map can leave room. */
  function heightFor(width) {
    arrange(width);
    const head = 7 + (width < NARROW_STRIP ? 40 : 26);
    const whole = layout.height <= high && head + high <= window.innerHeight * (layout.one ? WHOLE.one : WHOLE.two);
    // A part of two texts would be one of them and the beginnings of edges.
    stuck = whole ? head + high : layout.one ? head + Math.min(high, SEEN) : 0;
    strip.classList.toggle("sticks", stuck > 0);
    strip.style.setProperty("--strip-below", `${stuck - head - high}px`);
    return head + high;
  }

  /** Of two texts, a token of the other one that is pointed at: who looks at it. */
  function shownColumn() {
    const { pointed, model } = view;
    if (pointed?.axis !== "keys" || model.labels.one_text || view.locked !== null) return null;
    const { strip_edges: most, strip_edge_least: least } = model.style.sizes;
    const panel = Math.min(view.panel, model.panels.length - 1);
    const row = columnOf(view.received, panel, pointed.index);
    const edges = row ? strongestKeys(row, most, least * model.scale_max) : [];
    return { panel, key: pointed.index, row, edges, parts: describeColumn(pointed.index, panel, row) };
  }

  function shownRow() {
    const shown = view.shownRow();
    if (!shown) return null;
    const { strip_edges: most, strip_edge_least: least } = view.model.style.sizes;
    const row = rowOf(view.received, view.lockedRow, shown.panel, shown.query);
    const edges = row ? strongestKeys(row, most, least * view.model.scale_max) : [];
    return { ...shown, row, edges, parts: describe(shown, row) };
  }

  /** A token with its place, as the words of a row or a column begin. */
  function lead(panel, axis, index) {
    const { model } = view;
    const title = model.panels.length > 1 && model.panels[panel].title ? `${model.panels[panel].title} · ` : "";
    const all = model.labels[axis];
    return [title, "'", { token: all[index] }, `' (${counted(index + 1)} of ${counted(all.length)}) `];
  }

  function listed(tokens, labels) {
    const some = tokens.filter(({ weight }, i) => !i || Math.abs(weight) >= 0.005);
    return some.flatMap(({ key, weight }, i) =>
      [i ? ", '" : "'", { token: labels[key] }, "' ", { weight: weightText(weight, view.model) }]);
  }

  function describeColumn(key, panel, column, count = 3) {
    const { model } = view;
    const parts = lead(panel, "keys", key);
    if (!column) return [...parts, "is outside this part of the map"];
    const most = strongestKeys(column, count, 1e-12);
    if (!most.length) return [...parts, "gets no weight here"];
    const unsure = { exact: "", part: " (among the rows shown above)", about: " (approximate)" }[column.known];
    const verb = model.scale === "signed" ? "changes most for" : "is looked at most by";
    return [...parts, `${verb}${unsure}: `, ...listed(most, model.labels.queries)];
  }

  /** The row in words, strings and {token} and {weight}. */
  function describe({ query, panel }, row, count = 3) {
    const { model } = view;
    const parts = lead(panel, "queries", query);
    if (!row) return [...parts, "is outside this part of the map: click it for its row"];
    const most = strongestKeys(row, count, 1e-12);
    if (!most.length) {
      const closed = row.allowed && row.known === "exact" && !row.allowed.includes(1);
      return [...parts, closed ? `: every cell of this row is ${model.mask_label.split(" (")[0]}` : "has no weight here"];
    }
    const unsure = { exact: "", part: "among the keys shown above", about: "approximate" }[row.known];
    const advice = unsure && view.locked !== query ? ", click for exact" : "";
    parts.push(model.scale === "signed" ? "changes most" : "looks most at", unsure && ` (${unsure}${advice})`, ": ");
    return [...parts, ...listed(most, model.labels.keys)];
  }

  /** While a row is kept: what it gives the token that is pointed at in the sentence. */
  function pairWords({ query, row }) {
    const { model, pointed } = view;
    if (view.locked === null || !pointed || !row || !(model.labels.one_text || pointed.axis === "keys")) return null;
    const key = pointed.index;
    if (model.labels.one_text && key === query) return null; // the kept token itself: its row
    if (row.allowed && !row.allowed[key]) return { parts: maskedParts(model, query, key), detail: "" };
    const weight = row.weights[key];
    if (Number.isNaN(weight)) return null;
    const detail = ` (${positionText(model, query, key)}; ${exactText(weight)})`;
    return { parts: pairParts(model, query, key, weight, row.before?.[key]), detail };
  }

  function draw() {
    if (!view.layout || !layout) return;
    const { model, theme } = view;
    const shown = shownRow() ?? shownColumn();
    if (!model.sentence) return say(shown);
    const ratio = window.devicePixelRatio || 1;
    const wide = Math.max(1, scroller.clientWidth);
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
    const state = {
      row: shown?.row, query: shown?.query, key: shown?.key, edges: shown?.edges ?? [], pointed: view.pointed,
    };
    paintShapes(context, theme, model, sentenceShapes(model, theme, layout, state, [top, top + high], view.measure));
    return say(shown);
  }

  function say(shown) {
    const locked = view.locked !== null;
    strip.classList.toggle("locked", locked);
    for (const button of buttons) button.disabled = shown?.query === undefined;
    letGo.classList.toggle("absent", !locked);
    words.classList.toggle("hint", !shown);
    if (!shown) words.textContent = view.model.sentence ? hint : "Point at a row to see what it looks at; click to keep it.";
    else fitWords(shown);
    root.dataset.row = shown?.query ?? "";
    root.dataset.column = shown?.key ?? "";
    root.dataset.known = shown?.row?.known ?? "";
  }

  /** As much of what is shown as there is room for: less is better than a number that is cut off. */
  function fitWords(shown) {
    const pair = pairWords(shown);
    const fewer = (count) => (shown.key === undefined
      ? describe(shown, shown.row, count) : describeColumn(shown.key, shown.panel, shown.row, count));
    const ways = pair ? [() => [...pair.parts, pair.detail], () => pair.parts]
      : [() => shown.parts, () => fewer(2), () => fewer(1)];
    for (const parts of ways) {
      words.replaceChildren(...partNodes(parts()));
      if (words.scrollHeight <= words.clientHeight + 1 && words.scrollWidth <= words.clientWidth) break;
    }
  }

  /** Scroll the sentence, never the page, so that a token is seen. */
  function follow(axis, index) {
    if (!layout || !high || scroller.scrollHeight <= scroller.clientHeight) return;
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
    else if (token) actions.point(token); // a finger has left by now
  });
  on(canvas, "blur", () => actions.point(null));
  on(canvas, "keydown", (event) => {
    if (!layout || event.altKey || event.metaKey || event.ctrlKey) return;
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    const text = layout.one ? undefined : { ArrowUp: "queries", ArrowDown: "keys" }[event.key];
    if (step !== undefined || text) {
      if (active === null) active = { axis: text ?? "queries", index: text === "keys" ? 0 : view.locked ?? 0 };
      else {
        const axis = text ?? active.axis;
        active = { axis, index: clamp(active.index + (step ?? 0), view.model.labels[axis].length - 1) };
      }
      const { axis, index } = active;
      follow(axis, index);
      actions.point(active);
      const column = axis === "keys" && describeColumn(index, 0, columnOf(view.received, 0, index));
      actions.speak(partsText(column
        || describe({ query: index, panel: 0 }, rowOf(view.received, view.lockedRow, 0, index))));
    } else if ((event.key === "Enter" || event.key === " ") && active) {
      if (active.axis === "queries") actions.toggle(active.index, 0);
    }
    else if (event.key === "Escape" && (view.locked !== null || view.pointed)) actions.escape();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  on(letGo, "click", actions.escape);
  on(buttons[0], "click", () => save("png"));
  on(buttons[1], "click", () => save("svg"));

  const covers = () => (view.locked === null ? 0 : stuck);
  const top = () => strip.getBoundingClientRect().top;
  return { draw, follow, heightFor, covers, top, sentence: () => partsText(shownRow()?.parts ?? []) };
}
