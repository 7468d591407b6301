// Titles of rows as buttons over the picture: each opens its menu, is dragged to another place, or moved by keys.

const LIFT = 5; // CSS pixels from a click to a drag
const HEIGHT_NAMES = { small: "Small", medium: "Medium", large: "Large" };

/** What the axis of a row can be of: [name, scaling]; nothing where there is no choice. */
function scalesOf(row) {
  const found = [["Own top", "own"], ...(row.group ? [["Shared top", "group"]] : [])];
  if (row.kind === "logo") found.push(["In view", "seen"]);
  return found.length > 1 ? found : [];
}

/** An element with a class and a text. */
function element(tag, name, text = "") {
  const node = document.createElement(tag);
  node.className = name;
  if (text) node.textContent = text;
  return node;
}

/** `actions`: list (createRowList), speak(text), about(row or null, button), layout(), refocus(). */
function createHeads(holder, drop, menu, actions, on) {
  const heads = new Map(); // row id -> {button, title, note, width}
  let rows = [];
  let active = ""; // id of the head that Tab comes to
  let drag = null;
  let moved = false; // the click that ends a drag is none

  function make(row) {
    const button = element("button", "head");
    button.type = "button";
    button.dataset.row = row.id;
    button.setAttribute("aria-haspopup", "menu");
    const parts = {
      button, grip: element("span", "grip"), title: element("span", "head-title"), note: element("span", "head-note"),
    };
    parts.grip.setAttribute("aria-hidden", "true");
    button.append(parts.grip, parts.title, parts.note);
    on(button, "click", (event) => {
      if (moved) moved = false;
      else open(row.id, event.detail === 0);
    });
    on(button, "contextmenu", (event) => {
      event.preventDefault();
      open(row.id);
    });
    on(button, "keydown", (event) => onKey(event, row.id));
    on(button, "pointerdown", (event) => lift(event, row.id));
    on(button, "pointerenter", () => !drag && actions.about(find(row.id), button));
    on(button, "pointerleave", () => actions.about(null));
    on(button, "focus", () => {
      active = row.id;
      rove();
      if (button.matches(":focus-visible")) actions.about(find(row.id), button);
    });
    on(button, "blur", () => actions.about(null));
    return parts;
  }

  const find = (id) => rows.find(({ row }) => row.id === id)?.row ?? null;
  const rove = () => {
    for (const [id, { button }] of heads) button.tabIndex = id === active ? 0 : -1;
  };

  /** One button a row, each where its row is. */
  function show(layout) {
    rows = layout.rows;
    const ids = new Set(rows.map(({ row }) => row.id));
    for (const [id, { button }] of heads) {
      if (ids.has(id)) continue;
      if (button.getAttribute("aria-expanded") === "true") rowMenu.close(false);
      button.remove();
      heads.delete(id);
    }
    if (!ids.has(active)) active = rows[0]?.row.id ?? "";
    rows.forEach(({ row, head }, i) => {
      if (!heads.has(row.id)) heads.set(row.id, make(row));
      const { button, title, note } = heads.get(row.id);
      title.textContent = row.title;
      note.textContent = row.note;
      button.classList.toggle("fixed", !row.movable);
      button.setAttribute("aria-label", `${row.title}${row.note ? `, ${row.note}` : ""}: row ${i + 1} of ${rows.length}`);
      Object.assign(button.style, {
        top: `${head.y}px`, height: `${head.height}px`, left: `${layout.left - 18}px`, maxWidth: `${Math.round(layout.body * titleShare(layout))}px`,
      });
      if (holder.children[i] !== button) holder.insertBefore(button, holder.children[i] ?? null);
    });
    rove();
    for (const parts of heads.values()) parts.width = parts.button.offsetWidth - 18;
  }

  function move(id, index) {
    const row = find(id);
    if (!row) return undefined; // Python took it away while its menu was open
    const focused = holder.getRootNode().activeElement === heads.get(id)?.button;
    if (!actions.list.move(id, index)) return actions.speak(`${row.title} cannot move further.`);
    actions.layout();
    if (focused) heads.get(id).button.focus({ preventScroll: true });
    return actions.speak(`${row.title} is row ${rows.findIndex((one) => one.row.id === id) + 1} of ${rows.length} now.`);
  }

  function remove(id) {
    const at = rows.findIndex(({ row }) => row.id === id);
    if (at < 0) return;
    const { title } = rows[at].row;
    actions.list.remove(id);
    actions.layout();
    const next = rows[Math.min(at, rows.length - 1)];
    if (next) heads.get(next.row.id).button.focus({ preventScroll: true });
    actions.speak(`${title} was removed.`);
  }

  function set(id, field, value) {
    actions.list.set(id, field, value);
    actions.layout();
  }

  function onKey(event, id) {
    const at = rows.findIndex(({ row }) => row.id === id);
    const { row } = rows[at];
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (way && event.altKey) move(id, at + way);
    else if (way || event.key === "Home" || event.key === "End") {
      const to = way ? at + way : event.key === "Home" ? 0 : rows.length - 1;
      heads.get(rows[Math.max(0, Math.min(to, rows.length - 1))].row.id).button.focus();
    } else if (event.key === "Delete" && row.movable) remove(id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Dragging a title --------------------------------------------------------------------------------------------

  function lift(event, id) {
    moved = false;
    const { button } = heads.get(id);
    // A finger on the title scrolls the page; on the grip it drags.
    if (event.button !== 0 || !find(id).movable || (event.pointerType === "touch" && !event.target.matches(".grip"))) return;
    drag = { id, y: event.clientY, started: false, to: null, stop: new AbortController() };
    const { signal } = drag.stop;
    button.addEventListener("pointermove", carry, { signal });
    button.addEventListener("pointerup", () => lower(true), { signal });
    button.addEventListener("pointercancel", () => lower(false), { signal });
    window.addEventListener("keydown", (key) => key.key === "Escape" && lower(false), { signal });
    button.setPointerCapture(event.pointerId);
  }

  function carry(event) {
    if (!drag.started && Math.abs(event.clientY - drag.y) < LIFT) return;
    const { button } = heads.get(drag.id);
    if (!drag.started) {
      drag.started = moved = true;
      button.classList.add("lifted");
      actions.about(null);
    }
    button.style.transform = `translateY(${event.clientY - drag.y}px)`;
    const y = event.clientY - holder.getBoundingClientRect().top;
    const [first, last] = actions.list.reach(drag.id);
    const from = rows.findIndex(({ row }) => row.id === drag.id);
    const middles = rows.map(({ y: top, box }) => (top + box.y + box.height) / 2);
    let to = middles.filter((middle, i) => i !== from && middle < y).length;
    to = Math.max(first, Math.min(to, last));
    drag.to = to;
    const edge = to > from ? rows[to].box.y + rows[to].box.height + 4 : rows[to].y - 4;
    drop.hidden = to === from;
    drop.style.top = `${edge}px`;
  }

  function lower(kept) {
    const { id, to, started, stop } = drag;
    stop.abort();
    drag = null;
    const { button } = heads.get(id) ?? {};
    if (button) {
      button.classList.remove("lifted");
      button.style.transform = "";
    }
    drop.hidden = true;
    if (kept && started && to !== null && to !== rows.findIndex(({ row }) => row.id === id)) move(id, to);
  }

  // The menu ----------------------------------------------------------------------------------------------------

  const rowMenu = createRowMenu(menu, on);

  function open(id, byKey = true) {
    const row = find(id);
    const at = rows.findIndex((one) => one.row.id === id);
    const [first, last] = actions.list.reach(id);
    actions.about(null);
    const { button } = heads.get(id);
    active = id;
    rove();
    const entries = [
      ...Object.entries(HEIGHT_NAMES).map(([height, name]) => ({
        group: "Height", name, on: row.height === height, act: () => set(id, "height", height),
      })),
      ...(row.log_possible ? [["Linear", false], ["Logarithm", true]] : []).map(([name, log]) => ({
        group: "Axis", name, on: row.log === log, act: () => set(id, "log", log),
      })),
      ...scalesOf(row).map(([name, scaling]) => ({
        group: "Scale", name, on: row.scaling === scaling, act: () => set(id, "scaling", scaling),
      })),
      ...(row.movable ? [
        { name: "Move up", key: "Alt ↑", off: at <= first, act: () => move(id, at - 1) },
        { name: "Move down", key: "Alt ↓", off: at >= last, act: () => move(id, at + 1) },
        { name: "Remove", key: "Del", act: () => remove(id) },
      ] : []),
    ];
    rowMenu.open({ title: row.title, entries, button, byKey, holder });
  }

  return {
    show,
    open,
    /** Whether Escape closed something. */
    close: () => rowMenu.close(true) || (drag ? (lower(false), true) : false),
    widthOf: (id) => heads.get(id)?.width ?? 0,
    focus(id) {
      heads.get(id)?.button.focus();
    },
  };
}
