// The genome browser: what Python says, what a person does, and one frame for both.

const SETTLED = 170; // ms after the last movement: heights, words and strips follow
const HINT = 2600; // ms that the hint about the wheel is seen
const LOCUS_EVERY = 110; // ms between two readings of the place in a movement

export default function browser({ data, parentElement, setStateValue }) {
  return showView(parentElement, createView, data, setStateValue);
}

function createView(root) {
  const stage = createStage(root);
  const { find, base, overlay } = stage;
  const on = Object.assign(stage.on, { signal: stage.signal });
  const painting = createPainting(stage);
  const memory = createRowMemory();
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const view = { model: null, layout: null, look: null, theme: null, overview: null, contigBp: 1, ranges: new Map() };
  let send = () => {};
  let raf = 0;
  let stale = true;
  let laidOut = ""; // what the layout was made for; "" where it has to be made again
  let looks = ""; // page colours, font and screen, as in `theme`
  let heights = null;
  let lastPlace = null;
  let movedAt = -Infinity;
  let settling = 0;
  let locusAt = -Infinity;
  let drawn = 0;
  let arrived = false;

  const motion = createMotion({ contigBp: () => view.contigBp, changed: request, calm: () => still.matches });
  const telling = createTelling({
    send: (name, value) => send(name, value),
    place: () => view.model && motion.place && toldPlace(view.model.place.contig, forwardPlace(motion.place, view.model), view.model.place.move),
    rows: () => list.message(),
  });
  const list = createRowList({ tell: () => telling.rows() });
  const reader = createReader(stage, view, motion, () => request(false));
  const heads = createHeads(find(".heads"), find(".drop"), find(".menu"), {
    list, speak: reader.speak, about: reader.about, layout: () => { laidOut = ""; frame(performance.now()); },
  }, on);
  const pointer = createPointer(overlay, view, motion, {
    cursorTo: reader.cursorTo, leave: reader.leave, box: reader.box,
    pick: (x, y) => reader.pickAt(x, y, telling.pick), noPick: telling.noPick,
    held: (kind) => { reader.held(kind); request(); },
    focused: () => overlay.getRootNode().activeElement === overlay,
    hint,
  }, on);
  reader.useAreas(pointer.areaAt, () => pointer.held);

  // What Python says ---------------------------------------------------------------------------------------------

  function update(payload, setStateValue) {
    send = setStateValue;
    if (!payload?.digest) return;
    if (payload.digest === view.model?.digest) {
      if (looks && looksNow() !== looks) again(); // the page may have become dark
      return;
    }
    performance.mark("attendome-browser-arrived");
    const before = view.model;
    const rows = decodeRows(payload.rows, memory, payload.reverse ? payload.contig_bp : 0);
    list.hear(rows);
    view.model = mirrorModel({ ...payload, rows });
    view.contigBp = Math.max(payload.contig_bp, 1);
    const { place } = view.model;
    const other = !before || before.place.contig !== place.contig;
    const turned = !other && before.reverse !== payload.reverse;
    if (turned) {
      const { start, end } = mirrorMark(motion.target, view.contigBp);
      motion.jump(start, end);
      reader.turn();
    }
    if (turned || other || before.place.move !== place.move) {
      pointer.cancel();
      reader.box(null);
    }
    if (other || before.place.move !== place.move) {
      telling.knows(toldPlace(place.contig, payload.place, place.move));
      if (other) motion.jump(place.start, place.end);
      else motion.glideTo(place.start, place.end, 2 * GLIDE);
      if (other) heights = null;
    }
    name(payload);
    arrived = true;
    again();
  }

  function name({ title, subtitle, provenance, description }) {
    for (const [selector, text] of [[".title", title], [".subtitle", subtitle], [".provenance", provenance]]) {
      find(selector).textContent = text;
      find(selector).hidden = !text;
    }
    root.setAttribute("aria-label", title || "Genome browser");
    overlay.setAttribute("aria-label", title || "Genome browser");
    find("#description").textContent = description;
  }

  // One frame ----------------------------------------------------------------------------------------------------

  /** `beneath`: not only the cursor's canvas. */
  function request(beneath = true) {
    stale ||= beneath;
    raf ||= requestAnimationFrame(frame);
  }

  function again() {
    laidOut = "";
    request();
  }

  const looksNow = () => [
    ...["--st-background-color", "--st-text-color", "--st-font", "--st-primary-color"].map((css) => pageValue(root, css, "")),
    window.devicePixelRatio,
  ].join("|");

  function readLooks() {
    const now = looksNow();
    if (now === looks) return;
    looks = now;
    const primary = pageValue(root, "--st-primary-color", "#0B6B74");
    view.theme = { ...browserTheme(root, stage.scratch, view.model.style), primary, ratio: window.devicePixelRatio || 1 };
    painting.forget();
    forgetWidths();
    heights = null;
  }

  /** Where everything lies; heights of bodies follow the view only once it rests, or rows would jump in a zoom. */
  function layOut(width) {
    const { model, theme } = view;
    const rows = list.shown();
    const { sizes } = model.style;
    const body = Math.max(width - sizes.gutter - sizes.right, 60);
    const look = viewOf(motion.place, sizes.gutter, body, view.contigBp, model.reverse);
    const fresh = heightsOf(rows, look, sizes);
    const kept = new Map(rows.map((row) => [row.id, `${row.height} ${row.digest}`]));
    if (!heights || !moving()) heights = { of: fresh, kept };
    else for (const row of rows) if (heights.kept.get(row.id) !== kept.get(row.id)) heights.of.set(row.id, fresh.get(row.id));
    if (!view.overview || !pointer.held) view.overview = overviewOf(model, motion.target);
    view.ranges = groupRanges(rows, look);
    const now = [looks, width, model.digest, JSON.stringify([...heights.of]), rows.map((row) => row.id).join(), view.overview.height].join("|");
    if (now === laidOut && view.layout) return;
    laidOut = now;
    view.layout = layoutBrowser(rows, sizes, heights.of, { width, ratio: theme.ratio, overview: view.overview, named: model.marks.some(([, , text]) => text) });
    painting.size(view.layout, theme.ratio);
    painting.keep(new Set(rows.map((row) => row.id)));
    stage.fit(view.layout, width);
    heads.show(view.layout);
    reader.changed();
    const { left, right, overview, ruler, rows: laid } = view.layout;
    Object.assign(root.dataset, {
      left, right, overview: `${overview.y} ${overview.height}`, ruler: `${ruler.y} ${ruler.height}`,
      // Where tests find a row: its id, then the upper edge and the height of its body.
      rows: laid.map(({ row, box }) => `${row.id} ${box.y} ${box.height}`).join("|"),
    });
  }

  const moving = () => motion.gliding || Boolean(pointer.held) || performance.now() - movedAt < SETTLED - 20;
  const rangeOf = (row) => view.ranges.get(groupName(row)) ?? ROW_PAINTERS[row.kind].top?.(row, view.look) ?? null;

  function frame(time) {
    cancelAnimationFrame(raf);
    raf = 0;
    const width = Math.floor(root.clientWidth);
    if (!view.model || !motion.place || width <= 0) return; // hidden, as in a closed tab: the observer calls again
    if (!stale && laidOut && view.look && !motion.gliding) {
      reader.paint(false, heads.widthOf);
      return;
    }
    stale = false;
    motion.step(time);
    if (!laidOut || width !== view.layout?.width) {
      readLooks();
      layOut(width);
    }
    const { layout, theme, model, overview } = view;
    const { place } = motion;
    const went = !lastPlace || place.start !== lastPlace.start || place.end !== lastPlace.end;
    if (went) moved(place);
    view.look = viewOf(place, layout.left, layout.body, view.contigBp, model.reverse);
    const busy = moving();
    const entries = busy ? layout.rows.filter(({ y, box }) => reader.seen(y, box.y + box.height - y)) : layout.rows;
    const shot = { theme, model, layout, look: view.look, overview, rangeOf };
    const { sharp, wide } = painting.frame(shot, looks, { entries, moving: busy, titleWidth: heads.widthOf });
    reader.paint(went, heads.widthOf);
    drawn += 1;
    root.dataset.frames = drawn;
    if (motion.gliding || !sharp || !wide) request();
    if (went && time - locusAt > LOCUS_EVERY) sayLocus(time);
    if (arrived && sharp) {
      arrived = false;
      performance.mark("attendome-browser-drawn");
      if (!busy) settled();
    }
  }

  function moved(place) {
    lastPlace = place;
    movedAt = performance.now();
    telling.moved();
    clearTimeout(settling);
    settling = setTimeout(settled, SETTLED);
  }

  function sayLocus(time) {
    locusAt = time;
    const { start, end } = motion.place;
    find(".locus").textContent = shownLocus(view.model, motion.place);
    find(".span").textContent = lengthText(end - start);
  }

  /** The movement has ended. */
  function settled() {
    if (!view.layout || stage.signal.aborted) return;
    if (motion.gliding || pointer.held) {
      clearTimeout(settling);
      settling = setTimeout(settled, SETTLED);
      return;
    }
    sayLocus(performance.now());
    layOut(Math.floor(root.clientWidth));
    request();
    reader.settled();
    const { contig, start, end } = toldPlace(view.model.place.contig, forwardPlace(motion.place, view.model), 0);
    Object.assign(root.dataset, { contig, start, end, outside: looksOutside(view.model.loaded, view.look) });
    root.dataset.settled = Number(root.dataset.settled ?? 0) + 1;
  }

  // What a person does -------------------------------------------------------------------------------------------

  const hints = { click: 2, escape: 1 }; // how often each is said
  let hintTimer = 0;
  function hint(which) {
    if (hints[which] < 1) return;
    hints[which] -= 1;
    const node = find(".hint");
    for (const one of Object.keys(hints)) find(`.say-${one}`).hidden = one !== which;
    node.hidden = false;
    clearTimeout(hintTimer);
    hintTimer = setTimeout(() => { node.hidden = true; }, HINT);
  }

  function whole() {
    const [start, end] = known();
    motion.glideTo(start, end, 2 * GLIDE);
  }

  /** From the first to the last bin that is predicted or about to be. */
  function known() {
    const { windows, loaded } = view.model;
    const found = windows.filter(({ state }) => state !== "missing");
    return found.length ? [Math.min(...found.map((one) => one.start)), Math.max(...found.map((one) => one.end))] : loaded;
  }

  /** To the start or the end of what is predicted, or of the chromosome; as much is seen as now. */
  function edge(way, far) {
    const [first, last] = far ? [0, view.model.contig_bp] : known();
    const { start, end } = motion.target;
    const wide = end - start;
    const at = way < 0 ? first : last - wide;
    motion.glideTo(at, at + wide);
  }

  const keys = createBrowserKeys(view, motion, {
    reading: reader.reading, cursorAt: reader.cursorAt, rowBy: reader.rowBy, whole, edge,
    pickHere: () => reader.pickHere(telling.pick),
    menu: () => reader.reading().row && heads.open(reader.reading().row.id),
    cancel() {
      if (pointer.held) pointer.cancel();
      else {
        reader.clear();
        overlay.blur(); // the wheel is the page's again
      }
    },
  });
  on(overlay, "keydown", (event) => {
    if (!/^(Shift|Control|Alt|Meta|Tab)$/.test(event.key)) reader.byKeys();
    keys(event);
  });
  on(overlay, "focus", () => { find(".hint").hidden = true; });
  on(overlay, "blur", () => reader.leave());
  const press = (selector, act) => on(find(selector), "click", () => {
    reader.byKeys();
    act();
  });
  const middle = () => (motion.target.start + motion.target.end) / 2;
  press(".in", () => motion.zoom(0.5, middle()));
  press(".out", () => motion.zoom(2, middle()));
  press(".whole", whole);
  const shotNow = () => ({ ...view, rangeOf });
  press(".png", () => saveBrowser("png", shotNow()));
  press(".svg", () => saveBrowser("svg", shotNow()));

  stage.watch(again, () => { looks = ""; });
  base.dataset.testid = "genome-browser-base";
  return {
    update,
    destroy() {
      cancelAnimationFrame(raf);
      clearTimeout(settling);
      clearTimeout(hintTimer);
      telling.stop();
      stage.destroy();
    },
  };
}
