// One frame: the canvas beneath, and the cursor's over it.

function createPainting(stage) {
  const { base } = stage;
  const context = base.getContext("2d", { alpha: false });
  const tiles = createTiles();
  const strip = document.createElement("canvas"); // the overview without its box
  let stripKey = "";

  function size(layout, ratio) {
    const [width, height] = [Math.round(layout.width * ratio), Math.round(layout.height * ratio)];
    if (base.width !== width) base.width = width;
    if (base.height !== height) base.height = height;
  }

  function paintStrip(shot, key) {
    const { theme, layout, model, overview } = shot;
    const { ratio } = theme;
    const height = Math.round((layout.overview.y + layout.overview.height) * ratio);
    const now = [key, model.digest, JSON.stringify(overview), height].join("|");
    if (now !== stripKey) {
      stripKey = now;
      strip.width = base.width;
      strip.height = height;
      const pen = strip.getContext("2d", { alpha: false });
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.fillStyle = theme.background;
      pen.fillRect(0, 0, layout.width + 1, height / ratio + 1);
      paintOverview(pen, theme, model, overview, layout);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(strip, 0, 0);
  }

  return {
    size,
    /** `shot`: {theme, model, layout, look, overview, rangeOf}; `key`: what else the looks depend on. */
    frame(shot, key, { entries, moving, titleWidth }) {
      const { theme, layout, look, model, overview, rangeOf } = shot;
      const { ratio } = theme;
      const keyOf = ({ row, box }) => {
        const range = rangeOf(row);
        return `${key}|${row.digest}|${box.height}|${row.log}|${range ? `${range.low} ${range.high}` : ""}`;
      };
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.fillStyle = theme.background;
      context.fillRect(0, 0, base.width, base.height);
      paintStrip(shot, key);
      const done = tiles.paint(context, entries, { view: look, theme, keyOf, rangeOf, moving });
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      paintOverviewBox(context, theme, overview, look, layout, model.contig_bp);
      paintRuler(context, theme, look, layout);
      paintUnloaded(context, theme, model.loaded, look, layout, entries);
      for (const entry of entries) {
        paintHead(context, theme, entry, layout, look, { withTitle: false, titleWidth: titleWidth(entry.row.id) });
      }
      paintPlaces(context, theme, model.marks, look, layout);
      return done;
    },
    keep: tiles.keep,
    forget() {
      stripKey = "";
      tiles.clear();
    },
  };
}
