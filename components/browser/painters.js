// The painters of the rows, by kind. Each has
//   height(row, view, sizes): CSS pixels of the body; of genes as many lanes as they need
//   top(row, view): {low, high} of all pieces, tidy, or null; the engine gives what a group shares as `range`
//   paint(pen, row, view, box, theme, range): the body in `box`, and its axis in the gutter left of it
//   pinned(pen, row, view, box, theme): only of some; words that stay inside the view, to be painted over the body for
//     the view itself, also where the body came from a wider bitmap
//   legend(row, view, theme): [{mark, colour, text}] for the strip over the row; see paintLegend
//   read(row, bp, view): [{label, value, unit, colour}] for the cursor, or null; label "" for the row's own values
//   hit(row, view, box, px, py, theme): {tooltip (lines), pick {kind, name} or null} or null
// `row` is of decodeRows; a person's choices may be laid over it: {...row, height, log, scaling}.
// `view`: {start, end, x(bp), bp(px), bpPerPx, contig_bp}; `theme` of browserTheme; `pen` a canvas context or svgPen.
// Files in this order: decode.js, svgpen.js, marks.js, signal_row.js, gene_row.js, region_row.js, attention_row.js,
// letter_row.js, letter_values.js, glyphs.js, logo_row.js, mutation_row.js, motif_row.js, mirror.js, painters.js; then the
// engine's. A row with `mirror` (the chromosome's length) is read from the other end; see mirror.js.

const ROW_PAINTERS = {
  signal: SIGNAL_ROW, genes: GENE_ROW, regions: REGION_ROW, attention: ATTENTION_ROW, letters: LETTER_ROW,
  logo: LOGO_ROW, mutations: MUTATION_ROW, motifs: MOTIF_ROW,
};

/** Colours of the page and of the style, and the sizes: what every painter gets as `theme`. */
function browserTheme(root, context, style) {
  const theme = pageTheme(root, context, style);
  const ratio = window.devicePixelRatio || 1;
  return { ...theme, ...theme.colours, sizes: style.sizes, faint: theme.mix(0.16), ratio };
}
