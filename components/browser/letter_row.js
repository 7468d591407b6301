// The letters of the sequence where they have room, coloured blocks where they have less; repeats (lower case) lighter.

const LETTER_REPEAT = 0.5; // opacity of lower case
const LETTER_BLOCK = 0.85;
const LETTER_GROUND = 0.14; // of a letter's colour under it

const LETTER_ROW = {
  height: (row, view, sizes) => sizes[`letters_${row.height}`],

  top: () => null,

  paint(pen, row, view, box, theme) {
    clipped(pen, box, () => {
      const wide = 1 / view.bpPerPx;
      const { letter_wide: letters, block_wide: blocks } = theme.sizes;
      if (wide < blocks) {
        const y = middleOfPixel(box.y + box.height / 2);
        const right = Math.min(box.x + box.width, view.x(view.contig_bp));
        penLine(pen, Math.max(box.x, view.x(0)), y, right, y, theme.faint);
        penText(pen, theme, "zoom in to see letters", box.x + box.width / 2, y, {
          size: theme.sizes.small, colour: theme.muted, align: "center", halo: 6,
        });
        return;
      }
      const end = row.start + row.letters.length;
      const pieces = row.letters ? [{ start: row.start, end, bin: 1, holes: [] }] : [];
      paintMissing(pen, theme, box, missingStretches({ pieces }, view, box), "letters not loaded", view.x(0));
      const first = Math.max(row.start, Math.floor(view.bp(box.x)));
      const last = Math.min(end, Math.ceil(view.bp(box.x + box.width)));
      paintLetterBlocks(pen, row, view, box, theme, [first, last], wide >= letters);
      if (wide >= letters) paintLetters(pen, row, view, box, theme, [first, last], wide);
    });
  },

  legend(row, view, theme) {
    if (1 / view.bpPerPx < theme.sizes.block_wide) return [];
    const bases = ["A", "C", "G", "T"].map((base) => ({ mark: "patch", colour: theme.letters[base], text: base }));
    return [...bases, { mark: "none", colour: theme.text, text: "lighter: repeats" }];
  },

  read(row, bp) {
    const at = Math.floor(bp);
    const letter = row.letters[at - row.start];
    if (!letter) return null;
    const base = letter.toUpperCase();
    const unit = letter === base ? "" : "in a repeat";
    return [{ label: "", value: base, unit, colour: `letter:${base}`, bin: [at, at + 1] }];
  },

  hit: () => null,
};

const letterColour = (theme, letter) => theme.letters[letter.toUpperCase()] ?? theme.letters.N;

/** Blocks, all of one letter in one path; runs of a letter are one block. */
function paintLetterBlocks(pen, row, view, box, theme, [first, last], faint) {
  const runs = new Map();
  for (let i = first; i < last; i += 1) {
    const letter = row.letters[i - row.start];
    const start = i;
    while (i + 1 < last && row.letters[i + 1 - row.start] === letter) i += 1;
    if (!runs.has(letter)) runs.set(letter, []);
    runs.get(letter).push([view.x(start), view.x(i + 1)]);
  }
  pen.save();
  for (const [letter, blocks] of runs) {
    const repeat = letter !== letter.toUpperCase();
    pen.fillStyle = letterColour(theme, letter);
    pen.globalAlpha = (faint ? LETTER_GROUND : LETTER_BLOCK) * (repeat ? LETTER_REPEAT : 1);
    pen.beginPath();
    for (const [left, right] of blocks) pen.rect(left, box.y, right - left, box.height);
    pen.fill();
  }
  pen.restore();
}

function paintLetters(pen, row, view, box, theme, [first, last], wide) {
  const size = Math.min(box.height - 4, 9 + (wide - theme.sizes.letter_wide) * 0.7, 20);
  pen.save();
  pen.font = fontOf(theme, { size: Math.round(size * 2) / 2, weight: 600 });
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  const y = box.y + box.height / 2 + size * 0.35;
  for (let i = first; i < last; i += 1) {
    const letter = row.letters[i - row.start];
    pen.globalAlpha = letter === letter.toUpperCase() ? 1 : LETTER_REPEAT + 0.15;
    pen.fillStyle = letterColour(theme, letter);
    pen.fillText(letter, view.x(i + 0.5), y);
  }
  pen.restore();
}
