// What Python hears: the place once it rests, what was done to rows, what was clicked.

const REST = 180; // ms without a movement before Python hears of the place
const LONGEST = 700; // ms of one movement after which it hears of it all the same
const CLICK = 240; // ms in which a second click makes it a double click

/** The place as Python gets it: whole base pairs. */
function toldPlace(contig, place, move) {
  const start = Math.round(place.start);
  return { contig, start, end: Math.max(Math.round(place.end), start + 1), move };
}

/** `send(name, value)` of the page, which reruns for each call. `place()`: as `toldPlace` gives it, or null. */
function createTelling({ send, place, rows }) {
  let told = ""; // as JSON: what Python knows already
  let rest = 0;
  let longest = 0;
  let later = 0;
  let click = 0;
  let lastNumber = 0;

  function tellPlace() {
    clearTimeout(rest);
    clearTimeout(longest);
    rest = longest = 0;
    const now = place();
    if (!now || JSON.stringify(now) === told) return;
    told = JSON.stringify(now);
    send("place", now);
  }

  return {
    /** Python said it: nothing to tell while the browser stays there. */
    knows(value) {
      told = JSON.stringify(value);
    },
    moved() {
      clearTimeout(rest);
      rest = setTimeout(tellPlace, REST);
      longest ||= setTimeout(tellPlace, LONGEST);
    },
    rows() {
      clearTimeout(later);
      later = setTimeout(() => send("rows", rows()), REST);
    },
    /** Waits whether it becomes a double click; `number` rises also over a page that was left and opened again. */
    pick(value) {
      clearTimeout(click);
      click = setTimeout(() => {
        lastNumber = Math.max(lastNumber + 1, Date.now());
        send("pick", { ...value, number: lastNumber });
      }, CLICK);
    },
    noPick() {
      clearTimeout(click);
    },
    stop() {
      for (const timer of [rest, longest, later, click]) clearTimeout(timer);
    },
  };
}
