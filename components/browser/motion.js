// Where the browser looks: a stretch of base pairs that moves inside a chromosome. No DOM here.

const LEAST_BP = 40; // no view is narrower
const GLIDE = 240; // ms of a movement that nobody drags
const FAR = 8; // widths: a place further away is jumped to, since what lies between is not loaded

/** The stretch nearest to the one given that lies inside the chromosome and is not too narrow. */
function insideContig(start, end, contigBp) {
  const most = Math.max(contigBp, 1);
  const width = Math.min(Math.max(end - start, Math.min(LEAST_BP, most)), most);
  const first = width === end - start ? start : (start + end - width) / 2;
  const begin = Math.min(Math.max(first, 0), most - width);
  return { start: begin, end: begin + width };
}

/** The place zoomed by `factor` (below 1: in) so that `bp` stays where it is. */
function zoomedPlace(place, factor, bp, contigBp) {
  const now = place.end - place.start;
  const wide = Math.min(Math.max(now * factor, Math.min(LEAST_BP, contigBp)), contigBp);
  const start = bp - (bp - place.start) * (wide / now);
  return insideContig(start, start + wide, contigBp);
}

/** On the way from one place to another: widths change evenly in their logarithm, and what stays, stays. */
function placeBetween(from, to, share) {
  const [a, b] = [from.end - from.start, to.end - to.start];
  const wide = a * (b / a) ** share;
  const along = Math.abs(b - a) < 1e-9 * a ? share : (wide - a) / (b - a);
  const start = from.start + (to.start - from.start) * along;
  return { start, end: start + wide };
}

/**
 * The place and its movement. `contigBp()`: length of the chromosome; `changed()`: a frame is needed; `calm()`: the
 * person wants no animation.
 */
function createMotion({ contigBp, changed, calm }) {
  let place = null;
  let glide = null;

  function jump(start, end) {
    glide = null;
    const next = insideContig(start, end, contigBp());
    if (place && next.start === place.start && next.end === place.end) return;
    place = next;
    changed();
  }

  function glideTo(start, end, ms = GLIDE) {
    const to = insideContig(start, end, contigBp());
    if (!place || calm()) return jump(start, end);
    const apart = Math.abs(to.start + to.end - place.start - place.end) / 2;
    if (apart > FAR * Math.max(to.end - to.start, place.end - place.start)) return jump(start, end);
    if (!glide && to.start === place.start && to.end === place.end) return undefined;
    glide = { from: place, to, begun: null, ms };
    return changed();
  }

  return {
    get place() {
      return place;
    },
    /** Where a movement under way will end. */
    get target() {
      return glide ? glide.to : place;
    },
    get gliding() {
      return glide !== null;
    },
    jump,
    glideTo,
    /** By a share of the width. */
    pan(share, smooth = true) {
      const { start, end } = glide ? glide.to : place;
      const by = share * (end - start);
      if (smooth) glideTo(start + by, end + by, 160);
      else jump(start + by, end + by);
    },
    /** `factor` below 1 zooms in; `bp` stays where it is. */
    zoom(factor, bp, smooth = true) {
      const next = zoomedPlace(glide ? glide.to : place, factor, bp, contigBp());
      if (smooth) glideTo(next.start, next.end, 160);
      else jump(next.start, next.end);
    },
    /** Where the place is at this time; call once a frame. */
    step(now) {
      if (!glide) return;
      glide.begun ??= now;
      const share = Math.min((now - glide.begun) / glide.ms, 1);
      const eased = 1 - (1 - share) ** 3;
      place = share >= 1 ? glide.to : placeBetween(glide.from, glide.to, eased);
      if (share >= 1) glide = null;
    },
    stop() {
      glide = null;
    },
  };
}

/**
 * The window of a picture: bp to CSS pixels and back. `left`: where it begins; `width`: in CSS pixels; `reverse`: bp
 * count from the chromosome's other end. `position(bp)`: of the base there, 1-based, on the forward strand.
 */
function viewOf(place, left, width, contigBp, reverse = false) {
  const bpPerPx = (place.end - place.start) / width;
  return {
    start: place.start,
    end: place.end,
    bpPerPx,
    contig_bp: contigBp,
    reverse,
    position: (bp) => (reverse ? contigBp - Math.floor(bp) : Math.floor(bp) + 1),
    x: (bp) => left + (bp - place.start) / bpPerPx,
    bp: (px) => place.start + (px - left) * bpPerPx,
  };
}
