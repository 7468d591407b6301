// The picture by mouse, pen and fingers: drag, zoom box, wheel, pinch, the strip over the rows, clicks.

const CLICK_ROOM = 4; // CSS pixels that a click may move
const NOTCH = 50; // a wheel step of so many pixels comes from a wheel, smaller ones from a trackpad
const GESTURE = 400; // ms between two wheel events of one movement of the fingers
const WHEEL = 0.0022; // of the logarithm of the zoom a pixel; PINCH: of a pinch on a trackpad
const PINCH = 0.011;

/**
 * `view`: {layout, look (viewOf), place, overview, contigBp}; `motion`; `actions`: cursorTo(x, y), leave(), box(range),
 * pick(x, y), held(name), hint(which), noPick().
 *
 * The wheel belongs to the page until the picture has the focus (a click, or Tab), and a scroll that began elsewhere
 * stays the page's when the picture comes under the pointer. Ctrl (and so a pinch on a trackpad) zooms at once,
 * Shift and sideways wheels move along the chromosome.
 */
function createPointer(overlay, view, motion, actions, on) {
  const fingers = new Map(); // pointer id -> {x, y}
  let held = null; // {kind: "press" | "pan" | "box" | "overview" | "pinch", ...}
  let wheelAt = -Infinity; // of the last wheel event anywhere, and whose movement it is: "page", "zoom", "pan"
  let wheelOwner = "page";

  const where = (event) => {
    const box = overlay.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const areaAt = ({ y }) => {
    const { overview, ruler } = view.layout;
    if (y < overview.y + overview.height) return "overview";
    return y < ruler.y + ruler.height ? "ruler" : "rows";
  };
  const clampX = (x) => Math.min(Math.max(x, view.layout.left), view.layout.right);

  function hold(next) {
    held = next;
    actions.held(next?.kind ?? "");
  }

  function press(event) {
    if (!view.layout || (event.button !== 0 && event.pointerType === "mouse")) return;
    const at = where(event);
    wheelAt = -Infinity; // a click ends a scroll
    fingers.set(event.pointerId, at);
    if (fingers.size === 2) {
      overlay.setPointerCapture(event.pointerId);
      return startPinch();
    }
    if (fingers.size > 2) return undefined;
    motion.stop();
    const area = areaAt(at);
    const touch = event.pointerType === "touch";
    if (area === "overview") {
      const lane = overviewLane(view.overview, view.layout, view.contigBp);
      const box = overviewBox(lane, motion.place, view.layout);
      const inside = at.x >= box.x - GRASP && at.x <= box.x + box.width + GRASP;
      const middle = (motion.place.start + motion.place.end) / 2;
      return hold({ kind: "press", area, at, lane, shift: inside ? middle - lane.bp(at.x) : 0, inside });
    }
    const boxed = (area === "ruler" && !touch) || event.shiftKey;
    return hold({ kind: "press", area, at, boxed, bp: view.look.bp(clampX(at.x)) });
  }

  function startPinch() {
    const [a, b] = [...fingers.values()];
    const apart = Math.hypot(a.x - b.x, a.y - b.y);
    motion.stop();
    hold({ kind: "pinch", apart: Math.max(apart, 20), bp: view.look.bp((a.x + b.x) / 2), wide: motion.place.end - motion.place.start });
  }

  function pinch() {
    const [a, b] = [...fingers.values()];
    if (!b) return;
    const apart = Math.max(Math.hypot(a.x - b.x, a.y - b.y), 20);
    const most = view.contigBp;
    const wide = Math.min(Math.max((held.wide * held.apart) / apart, Math.min(LEAST_BP, most)), most);
    const share = ((a.x + b.x) / 2 - view.layout.left) / view.layout.body;
    const start = held.bp - share * wide;
    motion.jump(start, start + wide);
  }

  function begin(event) {
    overlay.setPointerCapture(event.pointerId);
    actions.noPick();
    if (held.area === "overview") hold({ ...held, kind: "overview" });
    else if (held.boxed) hold({ ...held, kind: "box" });
    else hold({ ...held, kind: "pan" });
  }

  function move(event) {
    if (!view.layout) return;
    const at = where(event);
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, at);
    if (held?.kind === "pinch") return pinch();
    if (held?.kind === "press" && Math.hypot(at.x - held.at.x, at.y - held.at.y) > CLICK_ROOM) begin(event);
    if (held?.kind === "overview") {
      const { start, end } = motion.place;
      const middle = held.lane.bp(at.x) + held.shift;
      motion.jump(middle - (end - start) / 2, middle + (end - start) / 2);
    } else if (held?.kind === "box") {
      actions.box([held.bp, view.look.bp(clampX(at.x))]);
    } else if (held?.kind === "pan") {
      const { start, end } = motion.place;
      const by = (at.x - view.layout.left) * ((end - start) / view.layout.body);
      motion.jump(held.bp - by, held.bp - by + (end - start));
    }
    if (event.pointerType !== "touch" || held?.kind === "press") actions.cursorTo(at.x, at.y);
    return undefined;
  }

  function release(event) {
    fingers.delete(event.pointerId);
    if (!held) return;
    const { kind, area } = held;
    const at = where(event);
    const was = held;
    if (kind === "pinch" && fingers.size === 1) {
      const [left] = fingers.values();
      return hold({ kind: "pan", area: "rows", at: left, bp: view.look.bp(left.x) });
    }
    hold(null);
    if (kind === "box") {
      const [a, b] = [was.bp, view.look.bp(clampX(at.x))].sort((one, two) => one - two);
      actions.box(null);
      if ((b - a) / view.look.bpPerPx > CLICK_ROOM) motion.glideTo(a, b);
    } else if (kind === "press" && area === "overview") {
      const { start, end } = motion.place;
      const middle = was.lane.bp(at.x);
      if (!was.inside) motion.glideTo(middle - (end - start) / 2, middle + (end - start) / 2);
    } else if (kind === "press" && area === "rows" && !event.shiftKey) {
      actions.cursorTo(at.x, at.y);
      actions.pick(at.x, at.y);
    }
    return undefined;
  }

  function cancel(event) {
    if (event) fingers.delete(event.pointerId);
    else fingers.clear();
    if (held?.kind === "box") actions.box(null);
    if (held) hold(null);
  }

  function wheel(event) {
    if (!view.layout) return;
    const goesOn = event.timeStamp - wheelAt < GESTURE;
    wheelAt = event.timeStamp;
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    let [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    const pinched = event.ctrlKey || event.metaKey;
    if (event.shiftKey && !dx && !pinched) [dx, dy] = [dy, 0];
    if (pinched) wheelOwner = "zoom";
    else if (Math.abs(dx) > Math.abs(dy)) wheelOwner = "pan";
    else if (!goesOn) {
      wheelOwner = actions.focused() ? "zoom" : "page";
      if (wheelOwner === "page") actions.hint("click");
    }
    if (wheelOwner === "page") return;
    event.preventDefault();
    const at = where(event);
    actions.noPick();
    if (wheelOwner === "pan") {
      const share = dx / view.layout.body;
      motion.pan(share, Math.abs(dx) >= NOTCH);
    } else {
      const notch = Math.abs(dy) >= NOTCH;
      if (!pinched) actions.hint("escape");
      const factor = Math.exp(Math.max(-1.2, Math.min(dy * (pinched && !notch ? PINCH : WHEEL), 1.2)));
      motion.zoom(factor, view.look.bp(clampX(at.x)), notch);
    }
  }

  on(overlay, "pointerdown", press);
  on(overlay, "pointermove", move);
  on(overlay, "pointerup", release);
  on(overlay, "pointercancel", cancel);
  on(overlay, "pointerleave", (event) => {
    if (!held && event.pointerType !== "touch") actions.leave(); // what a finger read stays
  });
  on(overlay, "dblclick", (event) => {
    const at = where(event);
    actions.noPick();
    if (areaAt(at) !== "overview") motion.zoom(0.5, view.look.bp(clampX(at.x)));
  });
  overlay.addEventListener("wheel", wheel, { passive: false, signal: on.signal });
  // A scroll of the page that arrives over the picture goes on as the page's.
  window.addEventListener("wheel", (event) => {
    if (event.composedPath().includes(overlay)) return;
    wheelAt = event.timeStamp;
    wheelOwner = "page";
  }, { passive: true, signal: on.signal, capture: true });

  return {
    areaAt,
    get held() {
      return held?.kind ?? "";
    },
    cancel: () => cancel(null),
  };
}
