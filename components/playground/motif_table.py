"""The ten motifs as a picture: how much each position tells, and its most likely letter."""

from __future__ import annotations

import numpy as np

from components.drawing import Drawing, Rect, Shape, Text, X
from components.playground.scene import ROLES
from core.teaching.playground.motifs import Motif, motifs

LEFT, HIGH, ROW, CELL = 218, 26, 50, 19
WHAT = {
    "erythroid": ("enhancer of the erythroid cell", ROLES["enhancer erythroid"][0]),
    "liver": ("enhancer of the liver cell", ROLES["enhancer liver"][0]),
    "promoter": ("promoter", ROLES["promoter"][0]),
    "silencer": ("silencer", ROLES["silencer"][0]),
    "boundary": ("boundary", ROLES["boundary"][0]),
}


def information(motif: Motif) -> np.ndarray:
    """(length,) bits that each position tells, 0 to 2.

    Source: Schneider et al. 1986, against equal shares of the four letters, without the small-sample correction.
    """
    shares = motif.probabilities
    return (2 + (shares * np.log2(shares)).sum(axis=1)).astype(np.float64)


def motifs_drawing(provenance: str) -> Drawing:
    """A row for each motif: bars of up to 2 bits over the letters."""
    shapes: list[Shape] = []
    for number, motif in enumerate(motifs()):
        top = number * ROW
        what, role = WHAT[motif.role]
        shapes.append(
            Text(X(px=-LEFT), top + 14, f"{motif.name} · {motif.matrix_id}", strong=True, room=X(px=LEFT - 12))
        )
        shapes.append(Text(X(px=-LEFT), top + 32, what, size="small", colour="muted", room=X(px=LEFT - 12)))
        best = motif.probabilities.argmax(axis=1)
        for place, (bits, letter) in enumerate(zip(information(motif), best, strict=True)):
            x, base = place * CELL, top + HIGH
            shares = ", ".join(f"{a} {p:.0%}" for a, p in zip("ACGT", motif.probabilities[place], strict=True))
            words = f"{motif.name}, position {place + 1}: {bits:.1f} bits\n{shares}"
            shapes.append(Rect(X(px=x + 1), base - bits / 2 * HIGH, X(px=x + CELL - 1), base, fill=role))
            look = {"align": "center", "strong": bool(bits > 1), "colour": "text" if bits > 0.5 else "muted"}
            shapes.append(Text(X(px=x + CELL / 2), base + 10, "ACGT"[letter], size="small", **look))
            shapes.append(Rect(X(px=x), base - HIGH, X(px=x + CELL), base + 18, tooltip=words))
    return Drawing(
        title="The ten motifs",
        subtitle="A bar tells how much a position matters (up to 2 bits); the letter is the most likely one.",
        shapes=tuple(shapes),
        height=ROW * len(motifs()),
        description="; ".join(f"{m.name}, matrix {m.matrix_id}, {WHAT[m.role][0]}" for m in motifs()),
        provenance=f"{provenance} · matrices: JASPAR 2026 CORE vertebrates, CC BY 4.0",
        left=LEFT,
        column_least=max(map(len, motifs())) * CELL + 8,
        file_name="playground-motifs",
    )
