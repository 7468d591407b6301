// From weights to colours and back to words: linear, logarithmic and signed scales, and the legend's ticks.

const LEVELS = 255; // odd, so that a signed scale has one colour for 0

/** Where a weight lies between the two ends of the model's scale, 0 to 1. */
function shareOf(weight, model) {
  const { scale, scale_max: top, scale_floor: floor } = model;
  if (scale === "signed") return (Math.min(Math.max(weight / top, -1), 1) + 1) / 2;
  if (scale === "log") {
    if (weight <= floor) return 0;
    return weight >= top ? 1 : Math.log(weight / floor) / Math.log(top / floor);
  }
  return Math.min(Math.max(weight / top, 0), 1);
}

function levelOf(weight, model) {
  return Math.round(shareOf(weight, model) * (LEVELS - 1));
}

/** Black or white, whichever can be read on a colour [red, green, blue]. */
function inkOn(colour) {
  return luminance(colour) > 0.179 ? "#000000" : "#ffffff";
}

/** A number with a sign as wide as a plus. */
function signedText(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  if (!Number(text)) return text;
  return (value < 0 ? "−" : "+") + text;
}

/** A weight in a sentence; the exact one is beside it. */
function weightText(weight, model) {
  if (model.scale === "signed") {
    return weight !== 0 && Math.abs(weight) < 0.00005 ? "about 0" : signedText(weight, 4);
  }
  return weight > 0 && weight < 0.00005 ? "< 0.0001" : weight.toFixed(4);
}

/** A weight over a token, in as few letters as say it. */
function shortWeight(weight, model) {
  return model.scale === "signed" ? signedText(weight, 2) : weight < 0.005 ? "< .01" : weight.toFixed(2);
}

/** Ticks of the colour bar, [{share, text}], share from 0 at its left end to 1 at its right end. */
function scaleTicks(model) {
  const { scale, scale_max: top, scale_floor: floor } = model;
  const tick = (value, sign = "") => ({ share: shareOf(value, model), text: sign + tickText(value) });
  const last = model.scale_clips ? "≥ " : "";
  if (scale === "signed") {
    return [tick(-top, model.scale_clips ? "≤ " : ""), tick(0), tick(top, `${last}+`)];
  }
  if (scale === "linear") return roundSteps(top, 4).map((value) => tick(value, value === top ? last : ""));
  const ticks = [tick(floor, "≤ ")];
  for (let power = Math.ceil(Math.log10(floor)); 10 ** power < top; power += 1) {
    const share = shareOf(10 ** power, model);
    if (share > 0.2 && share < 0.85) ticks.push(tick(10 ** power));
  }
  return [...ticks, tick(top, last)];
}

/**
 * The colour bar with its unit, ticks and the names of its ends: how much room it takes, and its shapes. Where there
 * is little room the unit goes over the bar, and the names of its ends under it.
 *
 * Returns {width, height, shapes(x, y)}; `room` is the most it may be wide.
 */
function legendBar(model, room, measure) {
  const sizes = model.style.sizes;
  const ends = model.scale === "signed" ? model.scale_names : ["", ""];
  const named = ends.some(Boolean);
  const wide = (text, size = sizes.legend) => (text ? measure(text, size, 400) : 0);
  const [left, right] = ends.map((name) => wide(name));
  const unit = wide(model.unit) + 12;
  const lead = left ? left + 8 : 0;
  const trail = right ? right + 8 : 0;
  const least = Math.min(sizes.ramp_width, 120);
  const beside = unit + lead + trail + least <= room;
  const over = !beside && unit + least > room;
  const start = beside ? unit + lead : over ? 1 : unit;
  const bar = Math.max(60, Math.min(sizes.ramp_width, room - start - (beside ? trail : 0) - 10));
  const head = over ? 20 : 0;
  // The names under the bar: side by side where both fit, else one under the other with arrows.
  const pair = left + right + 24 <= room;
  const foot = beside || !named ? 0 : pair ? 18 : 36;
  const shapes = (x, y) => {
    const text = (at, down, string, align = "left") => ({ ...textShape(at, down, string, sizes.legend), align });
    const top = y + head;
    const from = x + start;
    const most = (string, width) => shorten(string, width, (part) => wide(part));
    const found = [
      text(x, y + 10, over ? most(model.unit, room) : model.unit),
      { kind: "ramp", x: from, y: top, width: bar, height: sizes.ramp_height },
    ];
    const under = top + sizes.ramp_height;
    if (beside && left) found.push(text(from - 8, y + 10, ends[0], "right"));
    if (beside && right) found.push(text(from + bar + 8, y + 10, ends[1]));
    if (!beside && named && pair) {
      const first = Math.max(x, Math.min(from, x + room - left - right - 24));
      if (left) found.push(text(first, under + 33, ends[0]));
      if (right) found.push(text(Math.max(from + bar, first + left + 24 + right), under + 33, ends[1], "right"));
    } else if (!beside && named) {
      found.push(text(x, under + 33, most(`← ${ends[0]}`, room)), text(x, under + 51, most(`→ ${ends[1]}`, room)));
    }
    const ticks = scaleTicks(model);
    for (const { share } of ticks) {
      const at = from + share * bar;
      found.push({ kind: "line", x1: at, y1: under, x2: at, y2: under + 4, colour: "muted" });
    }
    const place = ({ share, text: string }) => {
      const half = wide(string, sizes.tick) / 2;
      const at = Math.max(from + share * bar, x + half); // an end's number may be wider than what is before the bar
      return [at - half, at + half];
    };
    for (const tick of itemsApart(ticks, place)) {
      const [first, last] = place(tick);
      const middle = (first + last) / 2;
      found.push(textShape(middle, under + 15, tick.text, sizes.tick, { colour: "muted", align: "center" }));
    }
    return found;
  };
  return { width: start + bar + (beside ? trail : 0), height: 38 + head + foot, shapes };
}
