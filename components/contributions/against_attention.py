"""Attention against contributions: two rows on one axis, for the browser and as a picture."""

from __future__ import annotations

import numpy as np

from components.browser.scene import AttentionRow, Piece, SignalRow
from components.drawing import Drawing, Graph, Key, Line, Rect, Shape, Text, X
from components.drawing.axis import number_text
from components.enhancers.rows import attention_rows, heads_words
from core.attribution.against_attention import AgainstAttention
from core.enformer.attending import AttentionProfile

CONTRIBUTION_ROW = "contribution-bins"
TALL, GAP, HEAD, FOOT = 64.0, 22.0, 16.0, 34.0
_LEFT = 8.0


def against_rows(
    found: AgainstAttention, profile: AttentionProfile, *, name: str = ""
) -> tuple[SignalRow | AttentionRow, ...]:
    """|Contribution| of each bin, and what the target's bins attend to, for the browser.

    Parameters
    ----------
    name : whose attention it is, for example "the start of SIMD3".
    """
    signal = SignalRow(
        id=CONTRIBUTION_ROW,
        title="|Contribution| of bins",
        note=found.method,
        about=f"The absolute contributions of a bin's letters to the {found.target.name}, added up.",
        unit="sum of |contribution|",
        pieces=(Piece(found.interval.start, found.bin_size_bp, np.ascontiguousarray(found.contribution)),),
        height="small",
        missing="not read",
    )
    return (signal, *attention_rows(profile, layer=found.layer, head=found.head, name=name))


def against_drawing(found: AgainstAttention, *, provenance: str, file_name: str = "attention-contributions") -> Drawing:
    """Both rows over the bins of the window, the highest of each as tall as the other's."""
    bins = len(found.contribution)
    own = np.zeros(bins, bool)
    own[list(found.query_bins)] = True
    shapes: list[Shape] = []
    rows = (
        ("|contribution| of the bin's letters", found.contribution, "third", None),
        (f"attention of the target's bins, {heads_words(found.layer, found.head)}", found.attention, "first",
         found.expected),
    )  # fmt: skip
    for number, (title, values, role, under) in enumerate(rows):
        top = HEAD + number * (TALL + GAP)
        bottom = top + TALL
        # The target's own bins would make all others flat.
        most = float(values[found.counted].max(initial=0.0)) or 1.0
        heights = np.clip(values / most, 0, 1) * TALL
        shapes.append(Text(X(0, 0), top - 8, title, size="legend", colour="muted", room=X(0.8)))
        shapes.append(Text(X(1), top - 8, f"up to {_short(most)}", size="small", colour="muted", align="right"))
        shapes.append(Graph(X(), X(1), bottom, tuple(map(float, heights)), fill=role, line=role))
        if under is not None:
            level = np.clip(under / most, 0, 1) * TALL
            shapes.append(Graph(X(), X(1), bottom, tuple(map(float, level)), line="text", steps=False))
        shapes.append(Line(X(), bottom, X(1), bottom, colour="muted"))
    bottom = HEAD + 2 * TALL + GAP
    shapes.insert(0, Rect(X(found.query_bins[0] / bins, -1), HEAD, X((found.query_bins[-1] + 1) / bins, 1), bottom,
                          fill="rule", tooltip="The target's own bins: not counted."))  # fmt: skip
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        place = found.interval.start + share * found.interval.width_bp
        align = "left" if share == 0 else "right" if share == 1 else "center"
        shapes.append(Line(X(share), bottom, X(share), bottom + 4, colour="muted"))
        shapes.append(Text(X(share), bottom + 14, f"{place + 1:,.0f}", size="small", colour="muted", align=align))
    return Drawing(
        "Attention against contributions",
        tuple(shapes),
        bottom + FOOT - 8,
        found.sentence,
        provenance,
        subtitle=f"Explained: {found.target.name}. {found.interval.locus}, bins of {found.bin_size_bp} bp; the scale "
        "of each row ends at its highest bin beside the target's own.",
        legend=(
            Key("|contribution|", "third"),
            Key("attention", "first"),
            Key("the distance alone", mark="tick"),
            Key("the target's own bins", "rule"),
        ),
        left=_LEFT,
        right=_LEFT,
        column_most=1600,
        file_name=file_name,
    )


def _short(value: float) -> str:
    return number_text(value, 4 if value < 0.1 else 3) if value >= 0.001 else f"{value:.1e}".replace("-", "−")


def against_csv(found: AgainstAttention) -> bytes:
    """A line for each bin, UTF-8 CSV; start and end are 0-based and half-open."""
    lines = [f"# {found.target.name}; {found.method}; attention: {heads_words(found.layer, found.head)}"]
    lines.append(f"# {found.provenance.sentence}")
    lines.append("chrom,start,end,contribution,attention,attention_by_distance,counted")
    start, size = found.interval.start, found.bin_size_bp
    for number in range(len(found.contribution)):
        lines.append(
            f"{found.interval.chrom},{start + number * size},{start + (number + 1) * size},"
            f"{found.contribution[number]:.9g},{found.attention[number]:.9g},{found.expected[number]:.9g},"
            f"{int(found.counted[number])}"
        )
    return "\n".join([*lines, ""]).encode()
