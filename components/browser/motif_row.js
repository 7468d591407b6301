// Known motifs: boxes with a point at the end to which their strand reads, in lanes; the matrix under the box where
// letters have room. A motif keeps its lane at every zoom.

const MOTIF_APART = 2; // bp between two of a lane, at least
const MOTIF_NAME = 16; // CSS pixels of a box from which a name is tried in it

const MOTIF_ROW = {
  height(row, view, sizes) {
    const lanes = Math.max(1, Math.min(row.lanes, sizes[`motif_lanes_${row.height}`]));
    return lanes * lanePitch(view, sizes);
  },

  top: () => null,

  paint(pen, row, view, box, theme) {
    clipped(pen, box, () => {
      const { seen, hidden } = seenMotifs(row, view, box, theme.sizes);
      for (const mark of seen) paintMotifBox(pen, mark, theme);
      paintMotifNames(pen, seen, box, theme);
      if (hasMatrices(view, theme.sizes)) for (const mark of seen) paintMatrix(pen, mark, view, box, theme);
      const place = { size: theme.sizes.small, colour: theme.muted, halo: 4 };
      const [right, bottom] = [box.x + box.width, box.y + box.height];
      if (hidden) penText(pen, theme, `+${hidden.toLocaleString("en-US")} more`, right - 4, bottom - 7, { ...place, align: "right" });
      else if (!seen.length) penText(pen, theme, "no motifs here", (box.x + right) / 2, (box.y + bottom) / 2, { ...place, align: "center" });
    });
  },

  legend(row, view, theme) {
    if (!row.motifs.length) return [];
    const entries = [{ mark: "none", colour: theme.text, text: "pointed end: the strand it reads" }];
    if (hasMatrices(view, theme.sizes)) entries.push({ mark: "none", colour: theme.text, text: "letters: the motif's matrix, 2 bits tall at most" });
    return entries;
  },

  read(row, bp) {
    const near = row.motifs.slice(firstReaching(row.motifs, row.longest, bp));
    const here = near.filter((one) => one.start <= bp && bp < one.end);
    if (!here.length) return null;
    const told = here.slice(0, 3).map((one) => ({
      label: "", value: `${one.name}${{ "+": " →", "-": " ←" }[one.strand] ?? ""}`, unit: "", colour: one.colour ? cssOf(one.colour) : "motif",
    }));
    if (here.length > 3) told.push({ label: "", value: `and ${here.length - 3} more`, unit: "", colour: "motif" });
    return told;
  },

  hit(row, view, box, px, py, theme) {
    const { seen } = seenMotifs(row, view, box, theme.sizes);
    const found = seen.filter(({ left, right, top, pitch }) => px >= left - 2 && px <= right + 2 && py >= top && py < top + pitch);
    if (!found.length) return null;
    const { mark } = found.reduce((best, one) => (one.right - one.left <= best.right - best.left ? one : best));
    return { tooltip: mark.about || motifSentence(row, mark), pick: mark.pick ? { kind: "region", name: mark.pick } : null };
  },
};

function motifSentence(row, mark) {
  const forward = row.mirror === undefined ? mark.strand : { "+": "-", "-": "+" }[mark.strand];
  const strand = { "+": ", + strand", "-": ", − strand" }[forward] ?? "";
  return `${mark.name}${strand}, ${toldSpan(row, mark.start, mark.end)}`;
}

const hasMatrices = (view, sizes) => 1 / view.bpPerPx >= sizes.logo_wide;
const lanePitch = (view, sizes) => sizes.motif_box + sizes.motif_gap + (hasMatrices(view, sizes) ? sizes.motif_matrix : 0);

/** Motifs with their matrices and lanes: those that overlap lie under each other, the strongest on top. */
function decodeMotifs(row) {
  const matrices = row.matrices.map((packed, i) => unpackHalves(packed, row.scales[i]));
  return motifsOf({ ...row, matrices, motifs: row.motifs.map((one) => ({ ...one, matrix: matrices[one.matrix] })) });
}

function motifsOf(row) {
  const motifs = sortedByStart(row.motifs);
  const ends = []; // of each lane, what is taken: [start, end], in any order
  for (const one of [...motifs].sort((a, b) => b.strength - a.strength || a.start - b.start)) {
    const [start, end] = [one.start - MOTIF_APART, one.end + MOTIF_APART];
    let lane = 0;
    while (ends[lane]?.some(([from, to]) => from < end && start < to)) lane += 1;
    (ends[lane] ??= []).push([one.start, one.end]);
    one.lane = lane;
  }
  return { ...row, motifs, lanes: ends.length, longest: longestOf(motifs) };
}

/** {seen: [{mark, left, right, top, pitch, high}], hidden}: those in the lanes that are drawn, and how many are not. */
function seenMotifs(row, view, box, sizes) {
  const [from, to] = [view.bp(box.x), view.bp(box.x + box.width)];
  const pitch = lanePitch(view, sizes);
  const shown = Math.max(1, Math.round(box.height / pitch));
  const seen = [];
  let hidden = 0;
  for (let i = firstReaching(row.motifs, row.longest, from); i < row.motifs.length; i += 1) {
    const mark = row.motifs[i];
    if (mark.start > to) break;
    if (mark.end < from) continue;
    if (mark.lane >= shown) {
      hidden += 1;
      continue;
    }
    let [left, right] = [view.x(mark.start), view.x(mark.end)];
    if (right - left < 1.5) [left, right] = [(left + right) / 2 - 0.75, (left + right) / 2 + 0.75];
    seen.push({ mark, left, right, top: box.y + mark.lane * pitch, pitch, high: sizes.motif_box });
  }
  return { seen, hidden };
}

function paintMotifBox(pen, { mark, left, right, top, high }, theme) {
  const own = mark.colour ?? parseHex(theme.motif);
  const point = Math.min(high * 0.45, (right - left) * 0.4);
  const [a, b] = [mark.strand === "-" ? point : 0, mark.strand === "+" ? point : 0];
  const bottom = top + high;
  pen.save();
  pen.globalAlpha = mark.strength;
  pen.fillStyle = cssOf(own);
  pen.beginPath();
  pen.moveTo(left + a, top);
  pen.lineTo(right - b, top);
  if (b) pen.lineTo(right, (top + bottom) / 2);
  pen.lineTo(right - b, bottom);
  pen.lineTo(left + a, bottom);
  if (a) pen.lineTo(left, (top + bottom) / 2);
  pen.closePath();
  pen.fill();
  pen.restore();
}

/** In the box where the name has room, else behind it where no other box of its lane is in the way. */
function paintMotifNames(pen, seen, box, theme) {
  const size = Math.min(theme.sizes.small, theme.sizes.motif_box - 3);
  const next = new Map(); // by lane, from the right: where the next box begins
  for (const { mark, left, right, top, high } of [...seen].sort((a, b) => b.left - a.left)) {
    const wide = textWidth(theme, mark.name, size, 500);
    const y = top + high / 2;
    const [from, to] = [Math.max(left, box.x), Math.min(right, box.x + box.width)];
    if (to - from >= Math.max(wide + 8, MOTIF_NAME)) {
      const own = mark.colour ?? parseHex(theme.motif);
      const ground = own.map((c, i) => c * mark.strength + theme.rgb.background[i] * (1 - mark.strength));
      penText(pen, theme, mark.name, (from + to) / 2, y, { size, weight: 500, colour: inkOver(ground), align: "center" });
    } else if (right > box.x && right + wide + 8 < Math.min(next.get(mark.lane) ?? Infinity, box.x + box.width)) {
      penText(pen, theme, mark.name, right + 4, y, { size, weight: 500, colour: theme.text });
    }
    next.set(mark.lane, left);
  }
}

/** Stacks of letters, the tallest on top; 2 bits are the whole height. */
function paintMatrix(pen, { mark, left, right, top, pitch, high }, view, box, theme) {
  if (right < box.x || left > box.x + box.width) return;
  const foot = top + pitch - theme.sizes.motif_gap / 2;
  const tall = foot - top - high - 2;
  const letters = mark.end - mark.start;
  const room = Math.min(0.04 / view.bpPerPx, 1);
  const paths = [[], [], [], []];
  for (let i = 0; i < letters; i += 1) {
    const stack = [0, 1, 2, 3].map((code) => ({ code, bits: mark.matrix[i * 4 + code] }))
      .filter(({ bits }) => bits > 0).sort((a, b) => a.bits - b.bits);
    const most = Math.max(2, stack.reduce((sum, { bits }) => sum + bits, 0));
    let y = foot;
    for (const { code, bits } of stack) {
      const head = y - (bits / most) * tall;
      paths[code].push([view.x(mark.start + i) + room, view.x(mark.start + i + 1) - room, y, head]);
      y = head;
    }
  }
  paths.forEach((glyphs, code) => {
    if (!glyphs.length) return;
    pen.fillStyle = theme.letters[BASES[code]];
    pen.beginPath();
    for (const [from, to, y, head] of glyphs) addGlyph(pen, BASES[code], from, to, y, head);
    pen.fill();
  });
}
