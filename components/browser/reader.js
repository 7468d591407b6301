// What is read from the picture: the cursor and its values, tooltips, what is said aloud.

/** `view` and `motion` of the browser; `request()`: a frame is needed. */
function createReader(stage, view, motion, request) {
  const { overlay, tooltip, live } = stage;
  const root = stage.find(".figure").parentElement;
  // x, y: of the mouse, in the picture; bp: of the keys' cursor, which stays with the genome; row: the keys' row.
  const cursor = { x: null, y: null, bp: null, row: null };
  let range = null; // of a box zoom
  let dirty = true;
  let painted = false;
  let areaAt = () => "rows";
  let heldNow = () => "";
  let announce = false;
  let toldAbout = null;

  const bpNow = () => {
    if (cursor.bp !== null) return cursor.bp;
    return cursor.x === null || !view.look ? null : view.look.bp(cursor.x);
  };
  const entryAt = (y) => view.layout.rows.find(({ box }) => y >= box.y - 1 && y < box.y + box.height + 1);

  function speak(text) {
    live.textContent = text;
  }

  /** Whether this part of the picture is on the screen. */
  function seen(y, height) {
    const { top } = overlay.getBoundingClientRect();
    return top + y < window.innerHeight && top + y + height > 0;
  }

  function mark() {
    dirty = true;
    request();
  }

  function hitAt(x, y) {
    const entry = view.layout && x >= view.layout.left && x <= view.layout.right ? entryAt(y) : null;
    if (!entry) return null;
    const hit = ROW_PAINTERS[entry.row.kind].hit?.(entry.row, view.look, entry.box, x, y, view.theme);
    return hit ? { ...hit, entry } : null;
  }

  function pointerLook(hit) {
    const kind = heldNow();
    const area = areaAt(cursor);
    let shape = "grab";
    if (kind === "pan" || kind === "overview") shape = "grabbing";
    else if (kind === "box" || (kind !== "press" && area === "ruler")) shape = "col-resize";
    else if (area === "overview") shape = "pointer";
    else if (hit?.pick && hit.pick.kind !== "bin") shape = "pointer";
    if (overlay.style.cursor !== shape) overlay.style.cursor = shape;
  }

  function cursorTo(x, y) {
    Object.assign(cursor, { x, y, bp: null });
    const free = !heldNow() || heldNow() === "press";
    const hit = free ? hitAt(x, y) : null;
    pointerLook(hit);
    showTooltip(hit?.tooltip ?? "", x, y);
    if (areaAt({ y }) === "overview") cursor.x = null;
    mark();
  }

  function showTooltip(text, x, y, under = 16) {
    tooltip.hidden = !text;
    if (!text) return;
    const [first, ...rest] = text.split("\n");
    const [head, detail] = tooltip.children;
    head.textContent = first;
    detail.textContent = rest.join("\n");
    const figure = overlay.offsetParent;
    const [left, top] = [figure.offsetLeft, figure.offsetTop];
    const [wide, high] = [tooltip.offsetWidth, tooltip.offsetHeight];
    const bottom = window.innerHeight - root.getBoundingClientRect().top;
    let at = top + y + under;
    if (at + high > bottom) at = top + y - high - 10;
    const side = Math.min(left + x + 12, root.clientWidth - wide);
    tooltip.style.left = `${Math.max(0, side)}px`;
    tooltip.style.top = `${Math.max(at, 0)}px`;
  }

  function leave() {
    if (cursor.x === null && cursor.bp === null && tooltip.hidden) return;
    Object.assign(cursor, { x: null, y: null, bp: null });
    tooltip.hidden = true;
    mark();
  }

  const rowNow = () => view.layout?.rows.find(({ row }) => row.id === cursor.row) ?? null;

  function sayReading() {
    const entry = rowNow();
    const bp = bpNow();
    if (bp === null) return;
    const where = `${view.model.place.contig}:${thousands.format(view.look.position(bp))}`;
    if (entry) speak(`${entry.row.title}: ${readingOf(entry.row, bp, view.look)} at ${where}.`);
    else speak(`${where}. ${view.layout.rows.map(({ row }) => `${row.title}: ${readingOf(row, bp, view.look)}`).join("; ")}.`);
  }

  function cursorAt(bp) {
    Object.assign(cursor, { bp, x: null, y: null });
    announce = false;
    tooltip.hidden = true;
    mark();
    sayReading();
  }

  return {
    speak, seen, cursorTo, leave, cursorAt,
    useAreas(area, held) {
      [areaAt, heldNow] = [area, held];
    },
    held() {
      if (cursor.x !== null) pointerLook(null);
      tooltip.hidden = true;
    },
    box(next) {
      range = next;
      mark();
    },
    /** The tooltip of a row's title. */
    about(row, button) {
      if (!row || !row.about) {
        if (toldAbout) tooltip.hidden = true;
        toldAbout = null;
        return;
      }
      toldAbout = row.id;
      const figure = overlay.getBoundingClientRect();
      const at = button.getBoundingClientRect();
      showTooltip(`${row.title}\n${row.about}`, at.left - figure.left, at.bottom - figure.top, 5);
    },
    reading: () => ({ bp: bpNow(), row: rowNow()?.row ?? null }),
    rowBy(way) {
      const { rows } = view.layout;
      if (!rows.length) return;
      const at = rows.findIndex(({ row }) => row.id === cursor.row);
      const next = at < 0 ? (way > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(at + way, rows.length - 1));
      cursor.row = rows[next].row.id;
      announce = false;
      const bp = bpNow() ?? (view.look.start + view.look.end) / 2;
      Object.assign(cursor, { bp, x: null });
      mark();
      speak(`Row ${next + 1} of ${rows.length}, ${rows[next].row.title}: ${readingOf(rows[next].row, bp, view.look)} at ${thousands.format(view.look.position(bp))}.`);
    },
    /** The next movement was asked for by keys or buttons: say where it ends. */
    byKeys() {
      announce = true;
    },
    settled() {
      if (!announce) return;
      announce = false;
      const { place } = motion;
      const outside = looksOutside(view.model.loaded, view.look) ? " A part is still loading." : "";
      speak(`${shownLocus(view.model, place)}, ${lengthText(place.end - place.start)}.${outside}`);
    },
    pickAt(x, y, pick) {
      const hit = hitAt(x, y);
      if (!hit?.pick) return;
      const at = Math.min(Math.max(Math.floor(view.look.bp(x)), 0), view.contigBp - 1);
      pick({ kind: hit.pick.kind, row: hit.entry.row.id, position: view.look.position(at) - 1, name: hit.pick.name });
    },
    /** What Enter does at the keys' cursor. */
    pickHere(pick) {
      const entry = rowNow();
      const bp = bpNow();
      if (!entry || bp === null) return;
      const { box, row } = entry;
      const x = view.look.x(bp);
      let hit = null;
      for (let y = box.y + 4; y < box.y + box.height && !hit?.pick; y += 5) {
        hit = ROW_PAINTERS[row.kind].hit?.(row, view.look, box, x, y, view.theme);
      }
      if (!hit?.pick) return;
      speak(hit.tooltip || `${row.title}: ${readingOf(row, bp, view.look)}. Chosen.`);
      pick({ kind: hit.pick.kind, row: row.id, position: Math.max(view.look.position(bp) - 1, 0), name: hit.pick.name });
    },
    /** The picture was turned round: the keys' cursor stays on its base. */
    turn() {
      Object.assign(cursor, { bp: cursor.bp === null ? null : view.contigBp - cursor.bp, x: null, y: null });
      tooltip.hidden = true;
      mark();
    },
    /** No cursor, and no row of the keys. */
    clear() {
      cursor.row = null;
      leave();
    },
    changed() {
      dirty = true;
    },
    /** The canvas over the picture; `went`: the place beneath has moved. */
    paint(went, titleWidth) {
      const bp = bpNow();
      const empty = bp === null && !range && !rowNow();
      if (!dirty && !(went && !empty)) return;
      dirty = false;
      if (empty && !painted) return;
      const { layout, theme, look } = view;
      const context = stage.clearOverlay(layout);
      painted = !empty;
      if (empty) return;
      if (range) paintZoomBox(context, theme, range, look, layout);
      else if (bp !== null) paintCursor(context, theme, bp, look, layout, { seen, titleWidth });
      const entry = rowNow();
      if (entry && cursor.bp !== null) {
        context.strokeStyle = theme.primary;
        context.lineWidth = 1.5;
        roundedRect(context, layout.left - 2, entry.box.y - 2, layout.body + 4, entry.box.height + 4, 3);
        context.stroke();
      }
    },
  };
}
