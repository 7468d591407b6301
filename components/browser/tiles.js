// Bodies of rows as bitmaps wider than the view, so that a drag copies pixels instead of painting again. While a zoom
// runs, a bitmap that has not had its turn is stretched; it is painted sharp within the next frames.

const BUDGET = 9; // ms a frame for painting rows
const MARGIN = 0.5; // of the view's width, painted at both sides when there is time
const PAD = 2; // CSS pixels over and under a body that belong to its bitmap
const TILED = new Set(["signal", "attention", "logo", "mutations"]); // others paint fast, and their names stay in the view

function createTiles() {
  const tiles = new Map(); // row id -> {canvas, context, first, count, scale, key}
  let turn = 0; // who is painted first when time is short

  /** Paint `count` device pixels from the pixel `first` on; pixel n holds the base pairs from n * scale on. */
  function fill(entry, { first, count, scale, key, view, theme, range }) {
    const { row, box } = entry;
    const { ratio } = theme;
    const gutter = Math.round(box.x * ratio);
    const height = Math.round((box.height + 2 * PAD) * ratio);
    let tile = tiles.get(row.id);
    if (!tile) {
      const canvas = document.createElement("canvas");
      tile = { canvas, context: canvas.getContext("2d", { alpha: false }) };
      tiles.set(row.id, tile);
    }
    const { canvas, context } = tile;
    if (canvas.width !== gutter + count) canvas.width = gutter + count;
    if (canvas.height !== height) canvas.height = height;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = theme.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, gutter, PAD * ratio);
    const start = first * scale;
    const wide = count / ratio;
    const part = viewOf({ start, end: start + count * scale }, 0, wide, view.contig_bp);
    context.save();
    ROW_PAINTERS[row.kind].paint(context, row, part, { x: 0, y: 0, width: wide, height: box.height }, theme, range);
    context.restore();
    Object.assign(tile, { first, count, scale, key, height });
    return tile;
  }

  function copy(context, tile, entry, { first, count, scale, theme }) {
    const { ratio } = theme;
    const gutter = Math.round(entry.box.x * ratio);
    const y = Math.round((entry.box.y - PAD) * ratio);
    context.drawImage(tile.canvas, 0, 0, gutter, tile.height, 0, y, gutter, tile.height);
    const zoom = scale / tile.scale;
    const from = first * zoom - tile.first;
    const exact = Math.abs(zoom - 1) < 1e-12;
    // Only what the bitmap holds; a part that it does not hold stays ground.
    const begin = Math.max(exact ? Math.round(from) : from, 0);
    const end = Math.min(from + count * zoom, tile.count);
    if (end <= begin) return;
    const [x, wide] = [(begin - from) / zoom, (end - begin) / zoom];
    context.drawImage(tile.canvas, gutter + begin, 0, end - begin, tile.height,
      gutter + (exact ? Math.round(x) : x), y, exact ? Math.round(wide) : wide, tile.height);
  }

  return {
    /**
     * Paint the bodies of `entries` into `context`, whose transform is whole device pixels. `keyOf(entry)`: equal keys
     * mean equal looks. Returns {sharp, wide}: whether every row is as it should be, and has its margins.
     */
    paint(context, entries, { view, theme, keyOf, rangeOf, moving }) {
      const begun = performance.now();
      const { ratio } = theme;
      const scale = view.bpPerPx / ratio;
      let [sharp, wide] = [true, true];
      const count = entries.length;
      turn = count ? (turn + 1) % count : 0;
      const thin = [];
      for (let i = 0; i < count; i += 1) {
        const entry = entries[(turn + i) % count];
        const { row, box } = entry;
        const range = rangeOf(row);
        if (!TILED.has(row.kind)) {
          context.setTransform(ratio, 0, 0, ratio, 0, 0);
          context.save();
          ROW_PAINTERS[row.kind].paint(context, row, view, box, theme, range);
          context.restore();
          context.setTransform(1, 0, 0, 1, 0, 0);
          continue;
        }
        const pixels = Math.round(box.width * ratio);
        const want = { first: Math.round(view.start / scale), count: pixels, scale, key: keyOf(entry), view, theme, range };
        let tile = tiles.get(row.id);
        const zoomed = tile && Math.abs(tile.scale / scale - 1) > 1e-9;
        const covers = tile && !zoomed && tile.first <= want.first && tile.first + tile.count >= want.first + pixels;
        if (!tile || tile.key !== want.key || !covers) {
          const late = performance.now() - begun > BUDGET;
          const usable = tile && tile.key === want.key;
          if (late && usable) sharp = false;
          else {
            const margin = zoomed || !tile ? 0 : Math.round(MARGIN * pixels);
            tile = fill(entry, { ...want, first: want.first - margin, count: pixels + 2 * margin });
          }
        }
        if (tile.first > want.first - pixels * 0.2 || tile.first + tile.count < want.first + pixels * 1.2) thin.push([entry, want]);
        copy(context, tile, entry, want);
      }
      // Time that is left goes into margins: of all rows at rest, of one a frame in a drag at the same zoom.
      for (const [entry, want] of sharp ? thin : []) {
        if (performance.now() - begun > BUDGET * 0.8) {
          wide = false;
          break;
        }
        const tile = tiles.get(entry.row.id);
        if (moving && Math.abs(tile.scale / scale - 1) > 1e-9) continue;
        const margin = Math.round(MARGIN * want.count);
        fill(entry, { ...want, first: want.first - margin, count: want.count + 2 * margin });
      }
      return { sharp, wide };
    },
    /** Bitmaps of rows that are gone. */
    keep(ids) {
      for (const id of tiles.keys()) if (!ids.has(id)) tiles.delete(id);
    },
    clear: () => tiles.clear(),
  };
}
