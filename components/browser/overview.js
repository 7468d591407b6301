// The strip over the rows: the whole chromosome, and where it is far longer than what is predicted, the neighbourhood
// of the predicted windows under it.

const MANY_TIMES = 14; // a chromosome so many times as long as its neighbourhood gets a line of its own
const BOX_LEAST = 7; // CSS pixels: a box that can still be grasped
const GRASP = 5;

/**
 * {height, near: [start, end]} where `near` is the neighbourhood, or null if the chromosome is all there is to see. The
 * place widens the neighbourhood but decides nothing, or rows would jump when a person goes far away.
 */
function overviewOf(model, place) {
  const most = model.contig_bp;
  const around = (all) => {
    const known = all.map((bp) => Math.min(Math.max(bp, 0), most));
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const pad = Math.max((high - low) * 0.25, 1000);
    return [Math.max(0, low - pad), Math.min(most, high + pad)];
  };
  const windows = model.windows.flatMap(({ start, end }) => [start, end]);
  const [from, to] = around(windows.length ? windows : model.loaded);
  const two = most > MANY_TIMES * (to - from);
  return two ? { height: OVERVIEW.two, near: around([from, to, place.start, place.end]) } : { height: OVERVIEW.one, near: null };
}

/** The lane that a person can take hold of: {y, height, start, end, x(bp), bp(px)}. */
function overviewLane(overview, layout, contigBp) {
  const [start, end] = overview.near ?? [0, contigBp];
  const { y } = layout.overview;
  const perPx = (end - start) / layout.body;
  return {
    y: y + (overview.near ? 34 : 6), height: 16, start, end, perPx,
    x: (bp) => layout.left + (bp - start) / perPx,
    bp: (px) => start + (px - layout.left) * perPx,
  };
}

/** Left and right edge of the box of what is seen. */
function overviewBox(lane, place, layout) {
  const [from, to] = [lane.x(place.start), lane.x(place.end)];
  const wide = Math.max(to - from, BOX_LEAST);
  const x = Math.min(Math.max((from + to - wide) / 2, layout.left - 2), layout.right + 2 - wide);
  return { x, width: wide };
}

function roundedRect(pen, x, y, width, height, radius) {
  const r = Math.min(radius, width / 2, height / 2);
  pen.beginPath();
  pen.moveTo(x + r, y);
  pen.lineTo(x + width - r, y);
  pen.quadraticCurveTo(x + width, y, x + width, y + r);
  pen.lineTo(x + width, y + height - r);
  pen.quadraticCurveTo(x + width, y + height, x + width - r, y + height);
  pen.lineTo(x + r, y + height);
  pen.quadraticCurveTo(x, y + height, x, y + height - r);
  pen.lineTo(x, y + r);
  pen.quadraticCurveTo(x, y, x + r, y);
  pen.closePath();
}

/** Windows: ready ones filled, running ones striped, missing ones outlined. */
function paintWindows(pen, theme, windows, lane, layout) {
  for (const { start, end, state } of windows) {
    const from = Math.max(lane.x(start), layout.left);
    const wide = Math.max(Math.min(lane.x(end), layout.right) - from, 1.5);
    const [y, height] = [lane.y + 4, lane.height - 8];
    if (state === "ready") {
      pen.save();
      pen.globalAlpha = 0.55;
      pen.fillStyle = theme.primary;
      pen.fillRect(from, y, wide, height);
      pen.restore();
    } else if (state === "running") {
      const line = { ...theme, hatch_line: theme.primary, hatch_fill: theme.background };
      paintMissing(pen, line, { x: from, y, width: wide, height }, [[from, from + wide]], "", lane.x(0));
    }
    pen.strokeStyle = state === "missing" ? theme.rule : theme.primary;
    pen.lineWidth = 1;
    if (wide > 3) pen.strokeRect(Math.round(from) + 0.5, y + 0.5, Math.round(wide) - 1, height - 1);
  }
}

/** Ticks for genes that the rows know. */
function paintGeneTicks(pen, theme, rows, lane, layout) {
  pen.save();
  pen.globalAlpha = 0.5;
  pen.fillStyle = theme.gene;
  let last = -1;
  for (const row of rows) {
    if (row.kind !== "genes") continue;
    for (const gene of row.genes) {
      const from = Math.round(lane.x(gene.start));
      const to = Math.round(lane.x(gene.end));
      if (to < layout.left || from > layout.right || to <= last) continue;
      pen.fillRect(Math.max(from, last + 1), lane.y + lane.height + 1.5, Math.max(to - Math.max(from, last + 1), 1), 2);
      last = to;
    }
  }
  pen.restore();
}

/** All but the box, which moves. */
function paintOverview(pen, theme, model, overview, layout) {
  const { left, body } = layout;
  const { y } = layout.overview;
  const size = theme.sizes.tick;
  const lane = overviewLane(overview, layout, model.contig_bp);
  const bar = (top, height) => {
    pen.fillStyle = theme.faint;
    roundedRect(pen, left, top, body, height, height / 2);
    pen.fill();
  };
  penText(pen, theme, fittingText(theme, model.place.contig, left - 10, theme.sizes.small, 600), left - 9, y + (overview.near ? 10 : 14), {
    size: theme.sizes.small, weight: 600, align: "right",
  });
  if (overview.near) {
    bar(y + 6, 9);
    const whole = (bp) => left + (bp / model.contig_bp) * body;
    const [from, to] = overview.near.map(whole);
    pen.save();
    pen.globalAlpha = 0.16;
    pen.fillStyle = theme.primary;
    pen.beginPath();
    pen.moveTo(from - 1, y + 17);
    pen.lineTo(to + 1, y + 17);
    pen.lineTo(left + body, lane.y - 1);
    pen.lineTo(left, lane.y - 1);
    pen.closePath();
    pen.fill();
    pen.globalAlpha = 1;
    pen.fillStyle = theme.primary;
    pen.fillRect(Math.min(from, left + body - 3) - 1, y + 4, Math.max(to - from, 1) + 2, 13);
    pen.restore();
    pen.fillStyle = theme.faint;
    pen.fillRect(left, lane.y, body, lane.height);
    const [first, last] = overview.near;
    const most = model.contig_bp;
    const ends = (model.reverse ? [most - first, most - last + 1] : [first + 1, last]).map((bp) => positionText(bp, 10_000));
    penText(pen, theme, ends[0], left, lane.y - 8, { size, colour: theme.muted, halo: 3 });
    penText(pen, theme, ends[1], left + body, lane.y - 8, { size, colour: theme.muted, align: "right", halo: 3 });
  } else {
    bar(lane.y, lane.height);
  }
  paintWindows(pen, theme, model.windows, lane, layout);
  paintGeneTicks(pen, theme, model.rows, lane, layout);
  penText(pen, theme, lengthText(model.contig_bp), left - 9, overview.near ? y + 23 : y + 27, {
    size, colour: theme.muted, align: "right",
  });
}

/** The box of what is seen. */
function paintOverviewBox(pen, theme, overview, place, layout, contigBp) {
  const lane = overviewLane(overview, layout, contigBp);
  const box = overviewBox(lane, place, layout);
  pen.save();
  pen.globalAlpha = 0.16;
  pen.fillStyle = theme.text;
  pen.fillRect(box.x, lane.y - 3, box.width, lane.height + 6);
  pen.restore();
  pen.strokeStyle = theme.text;
  pen.lineWidth = 1.5;
  roundedRect(pen, Math.round(box.x) + 0.5, lane.y - 3.5, Math.round(box.width), lane.height + 7, 3);
  pen.stroke();
}
