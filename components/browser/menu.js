// The menu of a row: choices in groups, then what can be done with it. Arrow keys walk, Escape leaves.

function createRowMenu(menu, on) {
  let opener = null;

  const items = () => [...menu.querySelectorAll("[role^=menuitem]:not([aria-disabled=true])")];

  function close(refocus) {
    if (!opener) return false;
    menu.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    if (refocus && opener.isConnected) opener.focus({ preventScroll: true });
    opener = null;
    return true;
  }

  function item({ name, key = "", on: chosen, off = false, act }) {
    const radio = chosen !== undefined;
    const node = element("button", "item", name);
    node.type = "button";
    node.tabIndex = -1;
    node.setAttribute("role", radio ? "menuitemradio" : "menuitem");
    if (radio) node.setAttribute("aria-checked", String(chosen));
    if (off) node.setAttribute("aria-disabled", "true");
    if (key) {
      node.append(element("kbd", "key", key));
      node.setAttribute("aria-label", name);
    }
    on(node, "click", () => {
      if (off) return;
      close(true);
      act();
    });
    return node;
  }

  /** Choices of one group stand side by side. */
  function fill(title, entries) {
    const nodes = [element("div", "menu-title", title)];
    let group = null;
    for (const entry of entries) {
      if (entry.group && entry.group !== group?.name) {
        const box = element("div", "menu-group");
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", entry.group);
        box.append(element("span", "menu-name", entry.group));
        nodes.push(box);
        group = { name: entry.group, box };
      }
      if (!entry.group) {
        if (group) nodes.push(element("div", "menu-line"));
        group = null;
        nodes.push(item(entry));
      } else group.box.append(item(entry));
    }
    menu.replaceChildren(...nodes);
  }

  function place(button) {
    const root = menu.offsetParent.getBoundingClientRect();
    const at = button.getBoundingClientRect();
    const [wide, high] = [menu.offsetWidth, menu.offsetHeight];
    const x = Math.min(Math.max(at.left - root.left + 14, 0), Math.max(root.width - wide, 0));
    const under = at.bottom + 4 + high <= window.innerHeight;
    const y = under || at.top - high - 4 < 0 ? at.bottom - root.top + 4 : at.top - root.top - high - 4;
    Object.assign(menu.style, { left: `${x}px`, top: `${y}px` });
  }

  on(menu, "keydown", (event) => {
    const all = items();
    const at = all.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step) all[(at + step + all.length) % all.length].focus();
    else if (event.key === "Home") all[0].focus();
    else if (event.key === "End") all.at(-1).focus();
    else if (event.key === "Escape") close(true);
    else if (event.key === "Tab") {
      close(true);
      return;
    } else if (event.key !== "Enter" && event.key !== " ") return;
    else return event.stopPropagation();
    event.preventDefault();
    event.stopPropagation();
    return undefined;
  });
  on(window, "pointerdown", (event) => {
    const path = event.composedPath();
    if (opener && !path.includes(menu) && !path.includes(opener)) close(false);
  });

  return {
    close,
    open({ title, entries, button, byKey }) {
      const again = opener === button;
      close(false);
      if (again && !byKey) return;
      fill(title, entries);
      menu.setAttribute("aria-label", title);
      menu.hidden = false;
      opener = button;
      button.setAttribute("aria-expanded", "true");
      place(button);
      (items().find((one) => one.getAttribute("aria-checked") === "true") ?? items()[0])?.focus({ preventScroll: true });
    },
  };
}
