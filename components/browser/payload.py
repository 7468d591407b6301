"""`scene_payload`: what the browser draws, as JSON-ready values.

Numbers of bins cross as base64 of little-endian float32 inside JSON, so what a person reads at the cursor is the
model's number; those of single letters as float16, within 0.05 % of it. Every piece, every row and the whole have a
digest: what is equal is neither read nor drawn again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from components.browser.letter_payload import logo_words, motif_words, mutation_words
from components.browser.letter_rows import LogoRow, MotifRow, MutationRow
from components.browser.packing import MAX_ABOUT_CHARACTERS, Packing, harmless
from components.browser.scene import AttentionRow, GeneRow, LetterRow, Piece, RegionRow, Row, Scene, SignalRow, Window
from components.browser_style import browser_style
from components.canvas.payload import MAX_PAYLOAD_BYTES, plain_file_name
from components.canvas.words import display_titles

ROW_ID = re.compile(r"[A-Za-z0-9:._-]{1,120}")
LETTERS = re.compile(r"[A-Za-z*-]*")


def _piece(piece: Piece, packing: Packing, other: np.ndarray | None = None) -> dict[str, Any]:
    """A piece with its digest; `other` is a further array of its bins, packed as `baseline`."""
    place = {"start": piece.start_bp, "bin": float(piece.bin_bp), "bins": len(piece.values)}
    packing.words(place)
    arrays = {"values": piece.values, "spread": piece.spread, "second": piece.second, "baseline": other}
    packed = {name: packing.floats(array) for name, array in arrays.items()}
    return place | packed | {"digest": packing.digest()}


def _signal(row: SignalRow, packing: Packing) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    words = {
        "kind": "signal",
        "unit": harmless(row.unit),
        "assay": row.assay,
        "second_name": harmless(row.second_name),
        "first_name": harmless(row.first_name),
        "log_possible": row.log_possible,
        "log": row.log,
        "scaling": row.scaling,
        "group": row.group,
        "signed": row.signed,
        "signs": [harmless(sign) for sign in row.signs],
        "missing": harmless(row.missing),
    }
    ends = [-np.inf, *(piece.end_bp for piece in row.pieces)]
    if any(piece.start_bp < end - 1e-6 for piece, end in zip(row.pieces, ends, strict=False)):
        raise ValueError(f"The pieces of the row {row.id} overlap, or are not in the order of their places.")
    return words, [_piece(piece, packing) for piece in row.pieces]


def _attention(
    row: AttentionRow, windows: Sequence[Window], packing: Packing
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    weights = row.weights
    seen = [
        [window.start, window.end]
        for window in windows
        if abs(window.read_start - weights.start_bp) < weights.bin_bp
        and abs(window.read_end - weights.end_bp) < weights.bin_bp
    ]
    words = {
        "kind": "attention",
        "from": [row.from_start, row.from_end],
        "seen": seen[0] if seen else None,
        "baseline_name": harmless(row.baseline_name),
    }
    if row.baseline is not None and row.baseline.shape != row.weights.values.shape:
        raise ValueError(
            f"The row {row.id} has {len(row.weights.values)} weights and {len(row.baseline)} of a baseline."
        )
    return words, [_piece(row.weights, packing, row.baseline)]


def _genes(row: GeneRow) -> dict[str, Any]:
    genes = [
        {
            "name": harmless(gene.name),
            "start": gene.start,
            "end": gene.end,
            "strand": gene.strand,
            "exons": gene.exons,
            "coding": gene.coding,
            "about": harmless(gene.about, MAX_ABOUT_CHARACTERS),
        }
        for gene in row.genes
    ]
    return {"kind": "genes", "genes": genes, "left_out": row.left_out}


def _regions(row: RegionRow) -> dict[str, Any]:
    regions = [
        {
            "name": harmless(region.name),
            "start": region.start,
            "end": region.end,
            "colour": region.colour,
            "strength": min(max(float(region.strength), 0.0), 1.0),
            "outlined": region.outlined,
            "about": harmless(region.about, MAX_ABOUT_CHARACTERS),
            "pick": region.pick,
        }
        for region in row.regions
    ]
    return {"kind": "regions", "regions": regions, "legend": [[harmless(name), colour] for name, colour in row.legend]}


def _row(row: Row, windows: Sequence[Window], packing: Packing) -> dict[str, Any]:
    if not ROW_ID.fullmatch(row.id):
        raise ValueError(f"The id of a row is {row.id!r}; it may hold letters, digits and :._- only.")
    pieces = None
    packed: dict[str, Any] = {}
    if isinstance(row, SignalRow):
        words, pieces = _signal(row, packing)
    elif isinstance(row, AttentionRow):
        words, pieces = _attention(row, windows, packing)
    elif isinstance(row, GeneRow):
        words = _genes(row)
    elif isinstance(row, RegionRow):
        words = _regions(row)
    elif isinstance(row, LetterRow):
        if not LETTERS.fullmatch(row.letters):
            raise ValueError(f"The row {row.id} holds what is no letter of a sequence.")
        words = {"kind": "letters", "start": row.start_bp, "letters": row.letters}
    elif isinstance(row, LogoRow):
        words, packed = logo_words(row, packing)
    elif isinstance(row, MutationRow):
        words, packed = mutation_words(row, packing)
    elif isinstance(row, MotifRow):
        words, packed = motif_words(row, packing)
    else:
        raise ValueError(f"The row {row.id} is a {type(row).__name__}, which the browser cannot draw.")
    words |= {
        "id": row.id,
        "title": harmless(row.title),
        "note": harmless(row.note),
        "about": harmless(row.about, MAX_ABOUT_CHARACTERS),
        "height": row.height,
        "movable": row.movable,
    }
    packing.words([words, [piece["digest"] for piece in pieces or ()]])
    return words | packed | ({} if pieces is None else {"pieces": pieces}) | {"digest": packing.digest()}


def scene_payload(scene: Scene) -> dict[str, Any]:
    """Everything the browser draws, as JSON-ready values of at most 3 MB.

    Returns
    -------
    dict
        `rows` in their order, each with `kind` ("signal", "genes", "regions", "attention", "letters", "logo",
        "mutations", "motifs") and `digest`; the last three are described in `letter_payload`.
        A row of attention has `seen`, the predicted middle of what was read, where a window of the scene tells it.
        A signal or attention row has `pieces`, {start, bin, bins, values, spread, second, baseline, digest}: base64
        of float32, or None. `digest` is of all, the place that Python asks for included.

    Raises
    ------
    ValueError
        The scene is larger than 3 MB, pieces of a row overlap, an id or a letter is none, or a number is not finite.
    """
    packing = Packing()
    rows = [_row(row, scene.windows, packing) for row in scene.rows]
    payload: dict[str, Any] = {
        "place": asdict(scene.place),
        "contig_bp": scene.contig_bp,
        "assembly": harmless(scene.assembly),
        "loaded": list(scene.loaded),
        "windows": [asdict(window) for window in scene.windows],
        "marks": [[start, end, harmless(name)] for start, end, name in scene.marks],
        **display_titles(title=scene.title, subtitle=scene.subtitle, provenance=scene.provenance),
        "description": harmless(scene.description, 4 * MAX_ABOUT_CHARACTERS),
        "reverse": scene.reverse,
        "file_name": plain_file_name(scene.file_name, otherwise="browser"),
        "style": browser_style(),
    }
    packing.words([payload, [row["digest"] for row in rows]])
    if packing.characters > MAX_PAYLOAD_BYTES:
        raise ValueError(
            f"This view holds {packing.characters / 1e6:.1f} MB and the browser takes {MAX_PAYLOAD_BYTES / 1e6:.0f} MB "
            "at most: show fewer rows, or a shorter stretch of the chromosome."
        )
    return payload | {"rows": rows, "digest": packing.digest()}
