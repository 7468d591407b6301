// Stretches in one lane: blocks in their colours, with names where there is room.

const REGION_ROW = {
  height: (row, view, sizes) => sizes[`region_${row.height}`],

  top: () => null,

  paint(pen, row, view, box, theme) {
    clipped(pen, box, () => {
      const seen = seenRegions(row, view, box);
      const middle = middleOfPixel(box.y + box.height / 2);
      const [from, to] = [Math.max(view.x(0), box.x), Math.min(view.x(view.contig_bp), box.x + box.width)];
      if (to > from) penLine(pen, from, middle, to, middle, theme.faint);
      const placed = seen.map((region) => placeRegion(region, view, box, theme));
      paintBlocks(pen, placed, box);
      for (const block of placed) if (block.right - block.left >= 24) paintRegionName(pen, block, box, theme);
      for (const { region, left, right } of placed) {
        if (!region.outlined) continue;
        pen.strokeStyle = theme.text;
        pen.lineWidth = 1.75;
        pen.strokeRect(left + 0.9, box.y + 0.9, Math.max(right - left - 1.8, 1), box.height - 1.8);
      }
      if (!row.regions.length) {
        penText(pen, theme, "nothing here", box.x + box.width / 2, box.y + box.height / 2, {
          size: theme.sizes.small, colour: theme.muted, align: "center", halo: 4,
        });
      }
    });
  },

  legend: (row) => row.legend.map(([text, colour]) => ({ mark: "patch", colour: cssOf(colour), text })),

  read(row, bp) {
    const near = row.regions.slice(firstReaching(row.regions, row.longest, bp));
    const here = near.filter((one) => one.start <= bp && bp < one.end);
    if (!here.length) return null;
    const told = here.slice(0, 3).map((one) => ({
      label: "", value: one.name || toldSpan(row, one.start, one.end), unit: one.name ? lengthText(one.end - one.start) : "",
      colour: one.colour ? cssOf(one.colour) : "region",
    }));
    if (here.length > 3) told.push({ label: "", value: `and ${here.length - 3} more`, unit: "", colour: "region" });
    return told;
  },

  hit(row, view, box, px, py) {
    if (py < box.y || py > box.y + box.height) return null;
    const reach = (one) => {
      const middle = view.x((one.start + one.end) / 2);
      return Math.abs(px - middle) <= Math.max(view.x(one.end) - view.x(one.start), 6) / 2;
    };
    const near = seenRegions(row, view, box).filter(reach);
    if (!near.length) return null;
    const one = near.reduce((best, other) => (other.end - other.start <= best.end - best.start ? other : best));
    const place = `${toldSpan(row, one.start, one.end)}, ${lengthText(one.end - one.start)}`;
    const tooltip = one.about || (one.name ? `${one.name}, ${place}` : place);
    return { tooltip, pick: one.pick ? { kind: "region", name: one.pick } : null };
  },
};

function seenRegions(row, view, box) {
  const [from, to] = [view.bp(box.x), view.bp(box.x + box.width)];
  const seen = [];
  for (let i = firstReaching(row.regions, row.longest, from); i < row.regions.length; i += 1) {
    const region = row.regions[i];
    if (region.start > to) break;
    if (region.end >= from) seen.push(region);
  }
  return seen;
}

/** {region, left, right, colour, opacity, ink}: at least a pixel and a half wide, so that nothing is lost. */
function placeRegion(region, view, box, theme) {
  const edge = 20; // beyond the box, where outlines end unseen
  let left = Math.max(view.x(region.start), box.x - edge);
  let right = Math.min(view.x(region.end), box.x + box.width + edge);
  if (right - left < 1.5) {
    const middle = (left + right) / 2;
    [left, right] = [middle - 0.75, middle + 0.75];
  }
  const own = region.colour ?? parseHex(theme.region);
  return { region, left, right, colour: cssOf(own), own, opacity: region.strength };
}

/** Blocks; neighbours of one colour in one path, which is quicker, and a thin line of ground between others. */
function paintBlocks(pen, placed, box) {
  let at = 0;
  while (at < placed.length) {
    const { colour, opacity } = placed[at];
    pen.save();
    pen.globalAlpha = opacity;
    pen.fillStyle = colour;
    pen.beginPath();
    let end = -Infinity;
    for (; at < placed.length && placed[at].colour === colour && placed[at].opacity === opacity; at += 1) {
      const { left, right } = placed[at];
      const room = right - left > 5 ? 0.5 : 0;
      const start = Math.max(left + room, end); // overlapping ones would be cut out of each other
      if (right - room <= start) continue;
      pen.rect(start, box.y, right - room - start, box.height);
      end = right - room;
    }
    pen.fill();
    pen.restore();
  }
}

/** The name, or its beginning, over the part of the block that is seen. */
function paintRegionName(pen, { region, left, right, own, opacity }, box, theme) {
  if (!region.name || box.height < 11) return;
  const size = Math.min(theme.sizes.small, box.height - 1.5);
  const [from, to] = [Math.max(left, box.x), Math.min(right, box.x + box.width)];
  const name = fittingText(theme, region.name, to - from - 8, size, 500);
  if (name.length < Math.min(region.name.length, 4)) return;
  const ground = own.map((c, i) => c * opacity + theme.rgb.background[i] * (1 - opacity));
  penText(pen, theme, name, (from + to) / 2, box.y + box.height / 2, {
    size, weight: 500, colour: inkOver(ground), align: "center",
  });
}

/** Black or white, whichever is read better. */
function inkOver(ground) {
  const light = luminance(ground.map(Math.round));
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? "#000000" : "#ffffff";
}
