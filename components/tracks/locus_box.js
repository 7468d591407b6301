// Back, forward and the box for a place: free text, kept as it was typed, with names of genes that begin with it.

const MOST = 8;
const boxes = new WeakMap();
let made = 0;

/** Names that begin with the text, then those that have it inside; the shortest first. */
function matching(names, text) {
  const wanted = text.trim().toUpperCase();
  if (!wanted || wanted.includes(":")) return [];
  const begins = [];
  const holds = [];
  for (const name of names) {
    const place = name.toUpperCase().indexOf(wanted);
    if (place === 0) begins.push(name);
    else if (place > 0) holds.push(name);
  }
  const order = (a, b) => a.length - b.length || (a < b ? -1 : 1);
  return [...begins.sort(order), ...holds.sort(order)].slice(0, MOST);
}

function build(parentElement) {
  const root = parentElement.querySelector(".locus-box");
  const input = root.querySelector("input");
  const list = root.querySelector("ul");
  const name = `locus-box-${(made += 1)}`;
  list.id = name;
  input.setAttribute("aria-controls", name);
  const box = { root, input, names: [], shown: [], active: -1, heard: null, asked: null, typing: false, sent: 0, send: () => {}, step: () => {} };

  function close() {
    box.shown = [];
    box.active = -1;
    draw();
  }

  function draw() {
    const items = box.shown.map((text, number) => {
      const item = document.createElement("li");
      item.id = `${name}-${number}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(number === box.active));
      item.textContent = text;
      item.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the box keeps the focus
        go(text);
      });
      return item;
    });
    list.replaceChildren(...items);
    list.hidden = !items.length;
    input.setAttribute("aria-expanded", String(items.length > 0));
    if (box.active >= 0) input.setAttribute("aria-activedescendant", `${name}-${box.active}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function go(text) {
    input.value = text;
    box.typing = false;
    close();
    box.send(text);
  }

  input.addEventListener("input", () => {
    box.typing = true;
    box.shown = matching(box.names, input.value);
    box.active = -1;
    draw();
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => {
    box.typing = false; // whoever leaves the box for a button wants what the button says
    close();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && box.shown.length) {
      const count = box.shown.length;
      box.active = box.active < 0 ? (step > 0 ? 0 : count - 1) : (box.active + step + count) % count;
      draw();
    } else if (event.key === "Enter") {
      go(box.active >= 0 ? box.shown[box.active] : input.value);
    } else if (event.key === "Escape" && box.shown.length) {
      close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  root.querySelector(".go").addEventListener("click", () => go(input.value));
  for (const button of root.querySelectorAll(".step")) {
    button.addEventListener("click", () => box.step(Number(button.dataset.by)));
  }
  return box;
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!boxes.has(parentElement)) boxes.set(parentElement, build(parentElement));
  const box = boxes.get(parentElement);
  box.names = data.names;
  box.sent = Math.max(box.sent, data.answered);
  box.send = (text) => setTriggerValue("go", { text, number: (box.sent += 1) });
  box.step = (by) => setTriggerValue("step", by);
  const [back, forward] = box.root.querySelectorAll(".step");
  back.disabled = !data.back;
  forward.disabled = !data.forward;
  box.input.placeholder = data.placeholder;
  box.root.classList.toggle("wrong", data.wrong);
  box.input.setAttribute("aria-invalid", String(data.wrong));
  // What is being typed stays, and what was sent is not undone by the answer to something older.
  const other = data.asked !== box.asked || data.text !== box.heard;
  if (other && !box.typing && data.answered >= box.sent) box.input.value = data.text;
  box.asked = data.asked;
  box.heard = data.text;
}
