// Keeping a row in sight: above the strip that sticks to the window's bottom. The page scrolls at once and as
// little as that needs, or not at all.

const SETTLES = [0, 300, 900, 1800]; // ms after a link opened, while the page around the figure still grows

let opened = false; // only the first figure of a page scrolls to the row that the page's address says

function createSight(root, view, strip, on) {
  const marker = root.querySelector(".marker");
  let timers = [];

  /** Whether the page had to scroll. `only` is told where the row and the strip lie: {top, bottom, strip}. */
  function show(panel, row, only = () => true) {
    const { layout } = view;
    const place = layout?.panels[panel];
    if (!place || row < 0 || view.waiting) return false;
    const { y, height } = rowBand(place, row, layout.cell);
    Object.assign(marker.style, {
      top: `${y}px`, height: `${height}px`, left: `${root.scrollLeft}px`, scrollMarginBottom: `${strip.covers() + 6}px`,
    });
    const { top, bottom } = marker.getBoundingClientRect();
    if (!only({ top, bottom, strip: strip.covers() ? strip.top() : window.innerHeight })) return false;
    marker.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    return marker.getBoundingClientRect().top !== top;
  }

  const covered = ({ top, bottom, strip: edge }) => top < window.innerHeight && bottom > edge;
  const below = ({ bottom, strip: edge }) => bottom > edge;

  function stop() {
    timers.forEach(clearTimeout);
    timers = [];
  }

  for (const type of ["wheel", "touchstart", "pointerdown", "keydown"]) on(window, type, stop);

  return {
    show,
    covered,
    below,
    stop,
    /** Another text is drawn. A page that opens scrolls to its kept row; later, only from under the strip. */
    arrive: (showKept) => {
      stop();
      const first = !opened;
      opened = true;
      if (first) timers = SETTLES.map((wait) => setTimeout(() => showKept(), wait));
      else showKept(covered);
    },
  };
}
