// The reverse strand: rows as the other strand reads them, in positions counted from the chromosome's other end. What
// moves and paints knows nothing of it; only what is told to people and to Python is turned back.

const OTHER_STRAND = { "+": "-", "-": "+" };
const OTHER_LETTER = Object.fromEntries(Array.from("ACGTRYKMBVDHacgtrykmbvdh", (letter, i) =>
  [letter, "TGCAYRMKVBHDtgcayrmkvbhd"[i]]));
const mirroredPieces = new WeakMap();

const mirrorDigest = (digest, contigBp) => `${digest} ${contigBp}`;

/** [start, end] counted from the other end. */
const mirrorSpan = ([start, end], contigBp) => [contigBp - end, contigBp - start];

/** A stretch with `start` and `end`, and all else of it as it is. */
function mirrorMark(mark, contigBp) {
  return { ...mark, start: contigBp - mark.end, end: contigBp - mark.start };
}

/** The piece from the other end; the same object for the same piece, so that what it remembers stays. */
function mirrorPiece(piece, contigBp) {
  const known = mirroredPieces.get(piece);
  if (known?.contigBp === contigBp) return known.piece;
  const turned = Object.fromEntries(["values", "spread", "second", "baseline"].map((name) =>
    [name, piece[name] && piece[name].slice().reverse()]));
  const { bins } = piece;
  const holes = piece.holes.map(([first, end]) => [bins - end, bins - first]).reverse();
  const found = {
    ...turned, holes, start: contigBp - piece.end, end: contigBp - piece.start, bin: piece.bin, bins,
    low: piece.low, high: piece.high, digest: piece.digest, forward: piece,
  };
  mirroredPieces.set(piece, { contigBp, piece: found });
  return found;
}

/** A decoded row as the reverse strand reads it; `mirror` of it is the chromosome's length. */
function mirrorRow(row, contigBp) {
  const found = { ...row, mirror: contigBp, digest: mirrorDigest(row.digest, contigBp) };
  if (row.kind === "logo" || row.kind === "mutations") return mirrorLetters(found, contigBp);
  if (row.kind === "signal") {
    return { ...found, pieces: row.pieces.map((piece) => mirrorPiece(piece, contigBp)).reverse() };
  }
  if (row.kind === "attention") {
    return decodeAttention({
      ...found, from: mirrorSpan(row.from, contigBp), seen: row.seen && mirrorSpan(row.seen, contigBp),
      pieces: row.pieces.map((piece) => mirrorPiece(piece, contigBp)),
    });
  }
  if (row.kind === "genes") {
    const genes = row.genes.map((gene) => ({
      ...mirrorMark(gene, contigBp), strand: OTHER_STRAND[gene.strand] ?? gene.strand,
      exons: gene.exons.map((block) => mirrorSpan(block, contigBp)).reverse(),
      coding: gene.coding.map((block) => mirrorSpan(block, contigBp)).reverse(),
    }));
    return { ...found, genes: sortedByStart(genes), shown: {} };
  }
  if (row.kind === "regions") return { ...found, regions: sortedByStart(row.regions.map((one) => mirrorMark(one, contigBp))) };
  if (row.kind === "motifs") {
    return motifsOf({
      ...found, motifs: row.motifs.map((one) => ({
        ...mirrorMark(one, contigBp), strand: OTHER_STRAND[one.strand] ?? one.strand, matrix: one.matrix.slice().reverse(),
      })),
    });
  }
  if (row.kind === "letters") {
    const letters = Array.from(row.letters, (letter) => OTHER_LETTER[letter] ?? letter).reverse().join("");
    return { ...found, start: contigBp - row.start - row.letters.length, letters };
  }
  return found;
}

/** What the engine knows of the payload's places, from the other end where the scene is reversed. */
function mirrorModel(model) {
  if (!model.reverse) return model;
  const most = model.contig_bp;
  return {
    ...model, loaded: mirrorSpan(model.loaded, most), place: mirrorMark(model.place, most),
    marks: model.marks.map(([start, end, name]) => [...mirrorSpan([start, end], most), name]),
    windows: model.windows.map((one) => ({
      ...mirrorMark(one, most), read_start: most - one.read_end, read_end: most - one.read_start,
    })),
  };
}

/** A stretch of the picture as positions of the forward strand. */
function forwardPlace({ start, end }, model) {
  return model.reverse ? mirrorMark({ start, end }, model.contig_bp) : { start, end };
}

/** The locus that is seen, as people read it. */
function shownLocus(model, place) {
  const locus = locusText(model.place.contig, forwardPlace(place, model));
  return model.reverse ? `${locus} (reverse strand)` : locus;
}

/** A stretch of a row in words, as people read loci. */
function toldSpan(row, start, end) {
  return row.mirror === undefined ? spanText(start, end) : spanText(row.mirror - end, row.mirror - start);
}
