"""The painters of the genome browser's rows alone on a page: no server, only their code, a payload and a canvas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.browser.payload import scene_payload
from components.browser.scene import Place, Row, Scene, Window
from components.canvas import HERE, SHARED_SCRIPTS
from tests.test_house import streamlit_config

SCRIPTS = (
    *("decode.js", "svgpen.js", "marks.js", "signal_row.js", "gene_row.js", "region_row.js", "attention_row.js"),
    *("letter_row.js", "letter_values.js", "glyphs.js", "logo_row.js", "mutation_row.js", "motif_row.js"),
    *("mirror.js", "painters.js"),
)
CONTIG_BP = 2_000_000
GUTTER, RIGHT, TOP = 60, 10, 12
HARNESS = """
let memory = createRowMemory();
const canvas = document.querySelector("canvas");
const scratch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
let rows = [];
let style = null;

function put(payload) {
  const before = rows;
  rows = decodeRows(payload.rows, memory, payload.reverse ? payload.contig_bp : 0);
  style = payload.style;
  return rows.map((row) => before.includes(row));
}

function forget() {
  memory = createRowMemory();
  rows = [];
}

const rowOf = (id) => rows.find((row) => row.id === id);

function viewBetween(start, end, width, contig) {
  const bpPerPx = (end - start) / (width - GUTTER - RIGHT);
  return {
    start, end, bpPerPx, contig_bp: contig, x: (bp) => GUTTER + (bp - start) / bpPerPx,
    bp: (px) => start + (px - GUTTER) * bpPerPx,
  };
}

function lay(id, { start, end, width, contig, ratio, choice }) {
  const row = { ...rowOf(id), ...choice };
  const theme = { ...browserTheme(document.body, scratch, style), ratio };
  const view = viewBetween(start, end, width, contig);
  const painter = ROW_PAINTERS[row.kind];
  const box = { x: GUTTER, y: TOP, width: width - GUTTER - RIGHT, height: painter.height(row, view, theme.sizes) };
  return { row, theme, view, painter, box };
}

function paintRow(pen, { row, theme, view, painter, box }, range) {
  painter.paint(pen, row, view, box, theme, range ?? painter.top(row, view));
  painter.pinned?.(pen, row, view, box, theme);
}

function painted(id, place) {
  const laid = lay(id, place);
  canvas.width = place.width * place.ratio;
  canvas.height = (laid.box.height + 2 * TOP) * place.ratio;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.setTransform(place.ratio, 0, 0, place.ratio, 0, 0);
  pen.fillStyle = laid.theme.background;
  pen.fillRect(0, 0, place.width, canvas.height);
  paintRow(pen, laid, place.range);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let raw = "";
  for (let i = 0; i < data.length; i += 4096) raw += String.fromCharCode(...data.subarray(i, i + 4096));
  return { box: laid.box, width: canvas.width, height: canvas.height, pixels: btoa(raw) };
}

function written(id, place, about = {}) {
  const laid = lay(id, place);
  const pen = svgPen(place.width, laid.box.height + 2 * TOP, { background: laid.theme.background, ...about });
  paintRow(pen, laid, place.range);
  return pen.written();
}

/** How many pixels differ by more than `much` in one channel between the canvas and the SVG, drawn as an image. */
async function different(id, place, much) {
  const { width, height } = painted(id, place);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(written(id, place))}`;
  await image.decode();
  const other = document.createElement("canvas");
  [other.width, other.height] = [width, height];
  const pen = other.getContext("2d");
  pen.drawImage(image, 0, 0, width, height);
  const [a, b] = [canvas, other].map((one) => one.getContext("2d").getImageData(0, 0, width, height).data);
  let count = 0;
  for (let i = 0; i < a.length; i += 4) {
    if (Math.max(...[0, 1, 2].map((c) => Math.abs(a[i + c] - b[i + c]))) > much) count += 1;
  }
  return count;
}

const legendOf = (id, place) => {
  const { row, theme, view, painter } = lay(id, place);
  return painter.legend(row, view, theme);
};
const readAt = (id, bp) => ROW_PAINTERS[rowOf(id).kind].read(rowOf(id), bp);
const readIn = (id, place, bp) => {
  const { row, view, painter } = lay(id, place);
  return painter.read(row, bp, view);
};
const topOf = (id, choice) => ROW_PAINTERS[rowOf(id).kind].top({ ...rowOf(id), ...choice });
const hitAt = (id, place, x, y) => {
  const { row, theme, view, painter, box } = lay(id, place);
  return painter.hit(row, view, box, x, y, theme);
};
const heightOf = (id, place) => lay(id, place).box.height;
const lanesOfGenes = (id) => Object.fromEntries(rowOf(id).genes.map((gene) =>
  [gene.name, rowOf(id).lanes.of.get(geneKey(gene))]));
"""


class RowsPage:
    """Rows of a made-up chromosome of 2 Mb; `pixels` and `svg` are of one row between two gutters."""

    def __init__(self, page: Any, *, scheme: str = "light") -> None:
        self.page = page
        theme = streamlit_config()["theme"][scheme]
        self.ground, self.ink = (theme[key] for key in ("backgroundColor", "textColor"))
        page.set_content(
            f'<body style="--st-background-color: {self.ground}; --st-text-color: {self.ink}; --st-font: sans-serif">'
            "<canvas></canvas></body>"
        )
        folders = [HERE / name for name in SHARED_SCRIPTS]
        folders += [Path(HERE.parent / "browser" / name) for name in SCRIPTS]
        code = [path.read_text(encoding="utf-8") for path in folders]
        sizes = f"const [GUTTER, RIGHT, TOP] = [{GUTTER}, {RIGHT}, {TOP}];"
        page.add_script_tag(content="\n".join([*code, sizes, HARNESS]))

    def forget(self) -> RowsPage:
        """As new."""
        self.call("forget")
        return self

    def put(self, *rows: Row, windows: Sequence[Window] = (), reverse: bool = False) -> list[bool]:
        """Give the page a payload; True for each row that it had before."""
        known = {"windows": tuple(windows), "reverse": reverse}
        scene = Scene(Place("chr1", 0, 1000), CONTIG_BP, "toy", (0, CONTIG_BP), rows, **known)
        return self.page.evaluate("payload => put(payload)", json.loads(json.dumps(scene_payload(scene))))

    def place(self, start: float, end: float, *, width: int = 1070, ratio: float = 1, **options: Any) -> dict[str, Any]:
        """`options`: range {low, high} of a group; choice, a person's {log, height} of a row."""
        return {"start": start, "end": end, "width": width, "ratio": ratio, "contig": CONTIG_BP, "choice": {}} | options

    def call(self, name: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"given => {name}(...given)", list(arguments))
