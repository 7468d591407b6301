// Rows as Python sends them, and over them what a person did and Python has not answered yet. No DOM here.

const ANSWER = 10_000; // ms in which Python's answer counts as on its way

const sameOrder = (some, all) => {
  const wanted = some.filter((id) => all.includes(id));
  return wanted.join("\n") === all.filter((id) => some.includes(id)).join("\n");
};

/** `tell()`: the choices changed; `now()`: milliseconds. */
function createRowList({ tell, now = () => performance.now() }) {
  let rows = [];
  const chosen = new Map(); // id -> {height, log, scaling}, only what the person set
  const pending = new Map(); // "height id" or "gone id" or "order" -> {value, at, told}

  function wait(key, value) {
    pending.set(key, { value, at: now(), told: false });
    tell();
  }

  /** Rows in the pending order; one that it does not name stays behind the row before it. */
  function ordered(list) {
    const order = pending.get("order")?.value;
    if (!order) return list;
    const rank = new Map(order.map((id, i) => [id, i]));
    let last = -1;
    return list
      .map((row, i) => {
        last = rank.get(row.id) ?? last;
        return { row, rank: rank.has(row.id) ? last : last + 0.5, i };
      })
      .sort((a, b) => a.rank - b.rank || a.i - b.i)
      .map(({ row }) => row);
  }

  function shown() {
    return ordered(rows.filter((row) => !pending.has(`gone ${row.id}`))).map((row) => {
      const own = {};
      for (const field of ["height", "log", "scaling"]) {
        const found = pending.get(`${field} ${row.id}`);
        if (found) own[field] = found.value;
      }
      return Object.keys(own).length ? { ...row, ...own } : row;
    });
  }

  function answered(key, value) {
    if (key === "order") return sameOrder(value, rows.map((row) => row.id));
    const [field, id] = key.split(" ");
    const row = rows.find((one) => one.id === id);
    if (field === "gone") return !row;
    return !row || row[field] === value;
  }

  /** Where a row may be moved to: [first, last] index among those shown; fixed rows are not passed. */
  function reach(id) {
    const list = shown();
    const at = list.findIndex((row) => row.id === id);
    if (at < 0 || !list[at].movable) return [at, at];
    let [first, last] = [at, at];
    while (first > 0 && list[first - 1].movable) first -= 1;
    while (last < list.length - 1 && list[last + 1].movable) last += 1;
    return [first, last];
  }

  return {
    shown,
    reach,
    /** What a rerun of the page says. */
    hear(next) {
      rows = next;
      for (const [key, { value, at, told }] of pending) {
        if ((told && answered(key, value)) || now() - at > ANSWER) pending.delete(key);
      }
      for (const [id, fields] of chosen) {
        const row = rows.find((one) => one.id === id);
        for (const field of Object.keys(fields)) {
          if (!pending.has(`${field} ${id}`) && row?.[field] !== fields[field]) delete fields[field];
        }
      }
    },
    set(id, field, value) {
      chosen.set(id, { ...chosen.get(id), [field]: value });
      wait(`${field} ${id}`, value);
    },
    remove(id) {
      wait(`gone ${id}`, true);
    },
    /** To this index among the rows shown. Returns whether it moved. */
    move(id, index) {
      const ids = shown().map((row) => row.id);
      const [first, last] = reach(id);
      const to = Math.max(first, Math.min(index, last));
      const at = ids.indexOf(id);
      if (at < 0 || to === at) return false;
      ids.splice(at, 1);
      ids.splice(to, 0, id);
      wait("order", ids);
      return true;
    },
    /** For Python: the rows in their order, each with what the person set. */
    message() {
      for (const entry of pending.values()) entry.told = true;
      return shown().map(({ id }) => {
        const { height = null, log = null, scaling = null } = chosen.get(id) ?? {};
        return { id, height, log, scaling };
      });
    },
  };
}

/** What rows of one group and kind of scale share: group -> {low, high}. */
function groupRanges(rows, view) {
  const found = new Map();
  for (const row of rows) {
    const name = groupName(row);
    const top = name && ROW_PAINTERS[row.kind]?.top?.(row, view);
    if (!top) continue;
    const known = found.get(name);
    found.set(name, known ? { low: Math.min(known.low, top.low), high: Math.max(known.high, top.high) } : top);
  }
  return found;
}

/** Of rows with one axis; a logo whose axis is of what is in view is a group of its own, whose axis waits for rest. */
function groupName(row) {
  if (row.kind === "logo" && row.scaling === "seen") return `seen|${row.id}`;
  return row.scaling === "group" && row.group ? `${row.kind}|${row.group}|${row.log}|${row.signed}` : "";
}
