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
 * The colour bar with its unit, ticks and the names of its ends: how much room it takes, and its shapes.
 *
 * Returns {width, height, shapes(x, y)}; `room` is the most it may be wide.
 */
function legendBar(model, room, measure) {
  const sizes = model.style.sizes;
  const ends = model.scale === "signed" ? model.scale_names : ["", ""];
  const wide = (text, size = sizes.legend) => (text ? measure(text, size, 400) : 0);
  const lead = wide(model.unit) + 12 + (ends[0] ? wide(ends[0]) + 8 : 0);
  const trail = ends[1] ? wide(ends[1]) + 8 : 0;
  const bar = Math.min(sizes.ramp_width, Math.max(80, room - lead - trail - 16));
  const shapes = (x, y) => {
    const text = (at, string) => textShape(at, y + 10, string, sizes.legend);
    const start = x + lead;
    const found = [text(x, model.unit), { kind: "ramp", x: start, y, width: bar, height: sizes.ramp_height }];
    if (ends[0]) found.push({ ...text(start - 8, ends[0]), align: "right" });
    if (ends[1]) found.push(text(start + bar + 8, ends[1]));
    const under = y + sizes.ramp_height;
    let taken = -Infinity;
    for (const { share, text: string } of scaleTicks(model)) {
      const at = start + share * bar;
      found.push({ kind: "line", x1: at, y1: under, x2: at, y2: under + 4, colour: "muted" });
      const half = wide(string, sizes.tick) / 2;
      if (at - half < taken) continue; // a narrow bar has no room for every number
      taken = at + half + 5;
      found.push(textShape(at, under + 15, string, sizes.tick, { colour: "muted", align: "center" }));
    }
    return found;
  };
  return { width: lead + bar + trail, shapes };
}
