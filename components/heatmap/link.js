// What the browser and Python both may choose (the locked row, the zoom): the newest choice wins.

const SETTLE = 150; // ms without a change before Python hears of it
const ECHO = 10_000; // ms within which Python's answer to an older choice of ours is not a new choice

/** One shared value. `tell(value)` sends it to Python, which reruns the page. */
function sharedValue(tell) {
  let value = null;
  let heard; // what Python said last, told: what it knows from us; both as JSON
  let told;
  let timer = 0;
  let echoes = [];
  const text = JSON.stringify;

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const now = text(value);
      if (now === told) return;
      told = now;
      echoes.push({ now, at: performance.now() });
      tell(value);
    }, SETTLE);
  }

  return {
    get value() {
      return value;
    },
    /** A person chose. */
    choose(next) {
      value = next;
      later();
    },
    /** Another text: what was chosen before belongs to the old one, also where Python still says it. */
    restart(next) {
      clearTimeout(timer);
      const now = text(next);
      const old = next !== null && (now === heard || echoes.some((echo) => echo.now === now));
      value = old ? null : next;
      heard = told = now;
      echoes = [];
      if (old) later();
    },
    /** Nobody answered. */
    giveUp(next) {
      clearTimeout(timer);
      value = next;
    },
    /** What a rerun says; true if that changes the value. */
    hear(next) {
      const now = text(next);
      if (now === heard) return false;
      heard = now;
      echoes = echoes.filter((echo) => performance.now() - echo.at < ECHO);
      const echo = echoes.findIndex((sent) => sent.now === now);
      echoes = echoes.slice(echo + 1);
      if (echo >= 0 || now === text(value)) return false;
      value = next;
      later();
      return true;
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
