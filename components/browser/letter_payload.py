"""What the browser gets of rows that go letter by letter: two bits a letter, half-precision numbers where there are
any."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.browser.letter_rows import LogoRow, MotifRow, MutationRow
from components.browser.packing import MAX_ABOUT_CHARACTERS, Packing, harmless, runs_of

LETTERS_A_RUN = 8  # more runs than one in so many letters, and all is sent


def _numbers(row: LogoRow | MutationRow, packing: Packing) -> tuple[dict[str, Any], dict[str, Any]]:
    """(words, packed): letters, and the values of the stretches that have any, one stretch after the other."""
    try:
        bases, unknown = packing.bases(row.letters)
    except UnicodeEncodeError:
        raise ValueError(f"The row {row.id} holds what is no letter of a sequence.") from None
    there = ~np.isnan(row.values)
    runs = runs_of(there if there.ndim == 1 else there.any(axis=1))
    if len(runs) * LETTERS_A_RUN > len(row.letters):
        runs = [[0, len(row.letters)]]
    stretches = [row.values[start:end] for start, end in runs]
    try:
        values, scale = packing.halves(np.concatenate(stretches) if stretches else row.values[:0])
    except ValueError:
        raise ValueError(f"The row {row.id} holds a value that is infinite.") from None
    words = {
        "unit": harmless(row.unit),
        "start": int(row.start_bp),
        "length": len(row.letters),
        "unknown": unknown,
        "runs": runs,
        "scale": scale,
    }
    return words, {"bases": bases, "values": values}


def logo_words(row: LogoRow, packing: Packing) -> tuple[dict[str, Any], dict[str, Any]]:
    """(words, packed) of the row without what every row has; packed is counted and in the digest already."""
    words, packed = _numbers(row, packing)
    return {"kind": "logo", "scaling": row.scaling, "group": row.group} | words, packed


def mutation_words(row: MutationRow, packing: Packing) -> tuple[dict[str, Any], dict[str, Any]]:
    """As `logo_words`; values are those of A, C, G, T of a letter, then of the next."""
    words, packed = _numbers(row, packing)
    return {"kind": "mutations"} | words, packed


def motif_words(row: MotifRow, packing: Packing) -> tuple[dict[str, Any], dict[str, Any]]:
    """As `logo_words`; matrices that are equal are sent once."""
    tables: dict[bytes, int] = {}
    matrices: list[str] = []
    scales: list[float] = []
    motifs = []
    for mark in row.motifs:
        content = mark.matrix.tobytes()
        if content not in tables:
            tables[content] = len(matrices)
            try:
                values, scale = packing.halves(mark.matrix)
            except ValueError:
                raise ValueError(f"The matrix of {mark.name} holds a value that is infinite.") from None
            matrices.append(values)
            scales.append(scale)
        motifs.append(
            {
                "name": harmless(mark.name),
                "start": mark.start,
                "end": mark.end,
                "strand": mark.strand,
                "matrix": tables[content],
                "colour": mark.colour,
                "strength": min(max(float(mark.strength), 0.0), 1.0),
                "about": harmless(mark.about, MAX_ABOUT_CHARACTERS),
                "pick": mark.pick,
            }
        )

    return {"kind": "motifs", "motifs": motifs, "scales": scales}, {"matrices": matrices}
