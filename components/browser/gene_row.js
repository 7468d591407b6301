// Genes in lanes. A gene keeps its lane while the browser moves; names stay inside the view.

const GENE_CODING = 5; // half heights in CSS pixels
const GENE_EXON = 3;
const GENE_LINE = 9; // from a lane's top to its line
const GENE_NAME = 19; // ... to the middle of its name
const GENE_APART = 8; // CSS pixels between two of a lane
const ARROW_STEP = 26;
const DENSE = 2600; // bp a pixel from which genes are counted instead of drawn, where there are many
const DENSE_GENES = 150;

const GENE_ROW = {
  height(row, view, sizes) {
    if (isDense(row, view)) return sizes.lane + 8;
    const most = sizes[`lanes_${row.height}`];
    const lanes = lanesOf(row, view);
    return Math.max(1, Math.min(most, lanes.count)) * sizes.lane + 2;
  },

  top: () => null,

  paint(pen, row, view, box, theme) {
    const seen = seenGenes(row, view, box);
    if (isDense(row, view)) {
      let most = 0;
      clipped(pen, box, () => { most = paintDensity(pen, row, view, box, theme); });
      const ends = [{ y: box.y, text: axisText(most) }, { y: box.y + box.height, text: "0" }];
      paintAxis(pen, theme, box, ends);
      return;
    }
    clipped(pen, { ...box, height: box.height + 1 }, () => {
      const { lanes, hidden } = shownLanes(row, seen, view, box, theme);
      for (const { gene, top } of lanes) paintGene(pen, gene, top, view, box, theme);
      paintNames(pen, lanes, view, box, theme);
      const more = hidden + row.left_out;
      let said = "";
      if (!row.genes.length) said = row.left_out ? `${geneCount(row.left_out)}: zoom in to see them` : "no genes here";
      else if (more) said = `+${more.toLocaleString("en-US")} more`;
      else if (!seen.length) said = "no genes here";
      const place = { size: theme.sizes.small, colour: theme.muted, halo: 4 };
      const [right, bottom] = [box.x + box.width, box.y + box.height];
      if (lanes.length) penText(pen, theme, said, right - 4, bottom - 7, { ...place, align: "right" });
      else penText(pen, theme, said, (box.x + right) / 2, (box.y + bottom) / 2, { ...place, align: "center" });
    });
  },

  legend(row, view, theme) {
    const text = "how many genes overlap here; zoom in to see each";
    return isDense(row, view) ? [{ mark: "none", colour: theme.gene, text }] : [];
  },

  read(row, bp) {
    const here = row.genes.filter((gene) => gene.start <= bp && bp < gene.end);
    if (!here.length) return null;
    const part = (gene) => {
      const inside = ([start, end]) => start <= bp && bp < end;
      if (gene.coding.some(inside)) return "coding exon";
      if (gene.exons.some(inside)) return gene.coding.length ? "untranslated exon" : "exon";
      return gene.exons.length ? "intron" : "";
    };
    const arrow = { "+": " →", "-": " ←" };
    const told = here.slice(0, 3).map((gene) => ({
      label: "", value: `${gene.name}${arrow[gene.strand] ?? ""}`, unit: part(gene), colour: "gene",
    }));
    if (here.length > 3) told.push({ label: "", value: `and ${here.length - 3} more`, unit: "", colour: "gene" });
    return told;
  },

  hit(row, view, box, px, py) {
    if (isDense(row, view)) return null;
    const seen = seenGenes(row, view, box);
    const { lanes } = shownLanes(row, seen, view, box, null);
    const pitch = 3;
    const found = lanes.find(({ gene, top, name }) => py >= top && py < top + GENE_NAME + 7
      && ((px >= view.x(gene.start) - pitch && px <= view.x(gene.end) + pitch)
        || (name && py > top + 12 && px >= name[0] && px <= name[1])));
    if (!found) return null;
    const { gene } = found;
    return { tooltip: gene.about || geneSentence(row, gene), pick: { kind: "gene", name: gene.name } };
  },
};

const geneCount = (count) => `${count.toLocaleString("en-US")} gene${count === 1 ? "" : "s"}`;
const geneKey = (gene) => `${gene.name} ${gene.start} ${gene.end}`;

function geneSentence(row, gene) {
  const [plus, minus] = row.mirror === undefined ? ["+", "−"] : ["−", "+"];
  const strand = { "+": `, ${plus} strand (read to the right)`, "-": `, ${minus} strand (read to the left)` }[gene.strand] ?? "";
  return `${gene.name}${strand}, ${toldSpan(row, gene.start, gene.end)}, ${lengthText(gene.end - gene.start)}`;
}

const isDense = (row, view) => view.bpPerPx >= DENSE && row.genes.length >= DENSE_GENES;

/** What is remembered of a row's lanes from one payload to the next. */
function createLanes() {
  return { of: new Map(), room: 0, genes: null, count: 0 };
}

/**
 * Lanes so that neither genes nor their names overlap at this zoom: {of: lane by gene, count}. A gene keeps its lane
 * until the zoom is so much wider that names would collide; then most keep it still.
 */
function lanesOf(row, view) {
  const { lanes } = row;
  const wider = view.bpPerPx > lanes.room * 1.35;
  const closer = view.bpPerPx < lanes.room / 12;
  if (lanes.genes === row.genes && !wider && !closer) return lanes;
  if (wider || closer || !lanes.room) lanes.room = view.bpPerPx * (lanes.room ? 1.2 : 1.05);
  const ends = []; // of each lane, what is taken: [start, end]
  const found = new Map();
  const free = (lane, start, end) => (ends[lane] ?? []).every(([a, b]) => end <= a || start >= b);
  const place = (gene, lane, start, end) => {
    (ends[lane] ??= []).push([start, end]);
    found.set(geneKey(gene), lane);
  };
  const room = (gene) => {
    const name = (gene.name.length * 7 + 16) * lanes.room;
    const width = Math.max(gene.end - gene.start, name);
    const middle = (gene.start + gene.end) / 2;
    const apart = (GENE_APART / 2) * lanes.room;
    return [middle - width / 2 - apart, middle + width / 2 + apart];
  };
  // Those that had a lane first, and of the others wide ones and those that make a protein.
  const weight = (gene) => (gene.end - gene.start) * (gene.coding.length ? 4 : 1);
  const known = (gene) => lanes.of.get(geneKey(gene)) ?? Infinity;
  const order = [...row.genes].sort((a, b) => known(a) - known(b) || weight(b) - weight(a) || a.start - b.start);
  for (const gene of order) {
    const [start, end] = room(gene);
    let lane = known(gene);
    if (lane === Infinity || !free(lane, start, end)) {
      lane = 0;
      while (!free(lane, start, end)) lane += 1;
    }
    place(gene, lane, start, end);
  }
  // Genes that left may come back; and a row that shrinks would move all below it.
  if (lanes.of.size < 5000) for (const [key, lane] of lanes.of) if (!found.has(key)) found.set(key, lane);
  lanes.count = wider || closer ? ends.length : Math.max(lanes.count, ends.length);
  lanes.of = found;
  lanes.genes = row.genes;
  return lanes;
}

function seenGenes(row, view, box) {
  row.shown.longest ??= longestOf(row.genes);
  const [from, to] = [view.bp(box.x), view.bp(box.x + box.width)];
  const seen = [];
  for (let i = firstReaching(row.genes, row.shown.longest, from); i < row.genes.length; i += 1) {
    const gene = row.genes[i];
    if (gene.start > to) break;
    if (gene.end > from) seen.push(gene);
  }
  return seen;
}

/** {lanes: [{gene, top, name: [left, right] or null}], hidden: how many have no lane in the box}. */
function shownLanes(row, seen, view, box, theme) {
  const { of } = lanesOf(row, view);
  const lane = theme?.sizes.lane ?? row.shown.lane ?? 25;
  row.shown.lane = lane;
  const most = Math.max(1, Math.floor((box.height + 1) / lane));
  const lanes = [];
  let hidden = 0;
  for (const gene of seen) {
    const number = of.get(geneKey(gene)) ?? 0;
    if (number >= most) hidden += 1;
    else lanes.push({ gene, number, top: box.y + number * lane, name: null });
  }
  const edge = box.x + box.width;
  for (let number = 0; number < most; number += 1) {
    let taken = box.x + 2;
    for (const one of lanes) {
      if (one.number !== number) continue;
      const label = geneLabel(one.gene);
      const width = theme ? textWidth(theme, label, theme.sizes.small, 500) : label.length * 6.5;
      const [left, right] = [view.x(one.gene.start), view.x(one.gene.end)];
      // Under the middle of its gene, moved as far as it must be seen whole and apart from the name before it.
      const start = Math.max(Math.min((left + right - width) / 2, edge - width - 2), taken);
      if (start + width > edge || start > right + 2 || start + width < left - 2) continue;
      one.name = [start, start + width];
      taken = start + width + GENE_APART;
    }
  }
  return { lanes, hidden };
}

const geneLabel = (gene) => ({ "+": `${gene.name} →`, "-": `← ${gene.name}` }[gene.strand] ?? gene.name);

function paintNames(pen, lanes, view, box, theme) {
  for (const { gene, top, name } of lanes) {
    if (name) {
      penText(pen, theme, geneLabel(gene), name[0], top + GENE_NAME, {
        size: theme.sizes.small, weight: 500, colour: theme.gene, halo: 3,
      });
    }
  }
}

function paintGene(pen, gene, top, view, box, theme) {
  const y = top + GENE_LINE;
  const left = Math.max(view.x(gene.start), box.x - 10);
  const right = Math.min(view.x(gene.end), box.x + box.width + 10);
  pen.fillStyle = theme.gene;
  pen.fillRect(left, Math.round(y) - 0.75, Math.max(right - left, 1), 1.5);
  for (const [blocks, half] of [[exonsOf(gene), GENE_EXON], [gene.coding, GENE_CODING]]) {
    for (const [start, end] of blocks) {
      const [a, b] = [Math.max(view.x(start), left), Math.min(view.x(end), right)];
      if (b > a || (b === a && a > left && a < right)) pen.fillRect(a, y - half, Math.max(b - a, 1), 2 * half);
    }
  }
  if (gene.strand === "+" || gene.strand === "-") paintArrows(pen, gene, y, view, left, right, theme);
}

const exonsOf = (gene) => (gene.exons.length ? gene.exons : [[gene.start, gene.end]]);

/** Chevrons along the gene, at places that move with the genome: on the line, and light ones inside wide exons. */
function paintArrows(pen, gene, y, view, left, right, theme) {
  if (right - left < 14) return;
  const turn = gene.strand === "+" ? 1 : -1;
  const origin = view.x(gene.start);
  const exons = exonsOf(gene);
  const inside = (x) => exons.some(([start, end]) => x + 4 >= view.x(start) && x - 4 <= view.x(end));
  const covering = (x) => exons.some(([start, end]) => x - 4 > view.x(start) && x + 4 < view.x(end));
  const first = origin + Math.ceil((left + 5 - origin - ARROW_STEP / 2) / ARROW_STEP) * ARROW_STEP + ARROW_STEP / 2;
  const dark = [];
  const light = [];
  for (let x = first; x < right - 4; x += ARROW_STEP) {
    if (!inside(x)) dark.push(x);
    else if (covering(x)) light.push(x);
  }
  for (const [places, colour, half, width] of [[dark, theme.gene, 3.2, 1.25], [light, theme.background, 2.2, 1.25]]) {
    if (!places.length) continue;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.lineJoin = "miter";
    pen.beginPath();
    for (const x of places) {
      pen.moveTo(x - half * 0.9 * turn, y - half);
      pen.lineTo(x + half * 0.9 * turn, y);
      pen.lineTo(x - half * 0.9 * turn, y + half);
    }
    pen.stroke();
  }
}

/** How many genes overlap each 4 pixels, as bars; returns the most. */
function paintDensity(pen, row, view, box, theme) {
  const step = 4;
  const count = Math.ceil(box.width / step);
  const counts = new Float32Array(count);
  for (const gene of seenGenes(row, view, box)) {
    const first = Math.max(0, Math.floor((view.x(gene.start) - box.x) / step));
    const last = Math.min(count - 1, Math.floor((view.x(gene.end) - box.x) / step));
    for (let i = first; i <= last; i += 1) counts[i] += 1;
  }
  const most = Math.max(1, ...counts);
  pen.fillStyle = theme.gene;
  for (let i = 0; i < count; i += 1) {
    if (!counts[i]) continue;
    const height = box.height * (counts[i] / most);
    pen.fillRect(box.x + i * step, box.y + box.height - height, step - 1, height);
  }
  return most;
}
