"""Effects as bars around a middle line, one for each assay and biosample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.drawing import Drawing, Key, Line, Rect, Shape, Text, X
from components.effects.numbers import change_text, value_text
from components.prediction import empty_drawing
from core.effects.scores import Score
from core.enformer.tracks import Track

MOST = 16
LABEL, ROW, BAR, NUMBER, HEAD, FOOT = 190.0, 24.0, 13.0, 250.0, 8.0, 30.0


@dataclass(frozen=True)
class Group:
    """Tracks of one assay (and target) in one biosample: means over them."""

    name: str
    tracks: int
    ref: float
    alt: float
    effect: float
    true: float | None = None


def groups_of(score: Score, tracks: Sequence[Track], true: Score | None = None) -> tuple[Group, ...]:
    """The largest change first.

    Parameters
    ----------
    true : the same score of the true effect, where it is known.
    """
    places: dict[str, list[int]] = {}
    for place, track in enumerate(tracks):
        what = track.target or track.assay or track.description
        cells = track.biosample.partition(":")[2] or track.biosample if track.assay == "CAGE" else track.biosample
        places.setdefault(" ".join(filter(None, (what.replace("DNASE", "DNase"), cells))), []).append(place)
    found = [
        Group(
            name, len(own), *(float(values[own].mean()) for values in (score.ref, score.alt, score.effect)),
            None if true is None else float(true.effect[own].mean()),
        )
        for name, own in places.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda group: -abs(group.effect)))


def effect_bars(
    groups: Sequence[Group], *, title: str, unit: str, value_unit: str, provenance: str, file_name: str = "effects"
) -> Drawing:
    """Bars to the right where the variant gives more, to the left where it gives less; numbers are ref → alt: effect.

    Parameters
    ----------
    unit : of the effect. value_unit : of reference and alternative.
    """
    shown = tuple(groups)[:MOST]
    if not shown or not any(np.isfinite(group.effect) for group in shown):
        return empty_drawing(title, "Nothing is scored here.", provenance=provenance, file_name=file_name)
    known = any(group.true is not None for group in shown)
    top = max([abs(group.effect) for group in shown] + [abs(group.true or 0.0) for group in shown]) or 1.0
    height = HEAD + ROW * len(shown)
    shapes: list[Shape] = [Line(X(0.5), 0, X(0.5), height, "muted")]
    for number, group in enumerate(shown):
        shapes += _row(group, HEAD + number * ROW, top)
    for share, value in ((0.0, -top), (0.5, 0.0), (1.0, top)):
        shapes.append(Text(X(share), height + 12, change_text(value, 2), size="small", colour="muted", align="center"))
    first = shown[0]
    left_out = f" The first {MOST} of {len(groups)} are shown." if len(groups) > len(shown) else ""
    legend = [Key("alternative − reference", "first")]
    if known:
        legend.append(Key("the simulator's true effect", "second", mark="tick"))
    return Drawing(
        title,
        tuple(shapes),
        height + FOOT,
        f"Effects of {len(groups)} groups of tracks; the largest is {first.name}: {value_text(first.ref)} to "
        f"{value_text(first.alt)}, effect {change_text(first.effect)} {unit}.",
        provenance,
        subtitle=f"Effect in {unit}; numbers: reference → alternative ({value_unit}).{left_out}",
        legend=tuple(legend),
        left=LABEL,
        right=NUMBER,
        file_name=file_name,
    )


def _row(group: Group, top: float, most: float) -> list[Shape]:
    middle, share = top + ROW / 2, 0.5 * group.effect / most
    ends = sorted((0.5, 0.5 + share))
    count = f" ({group.tracks} tracks)" if group.tracks > 1 else ""
    told = f"{value_text(group.ref)} → {value_text(group.alt)}: {change_text(group.effect)}"
    tooltip = [f"{group.name}{count}", told]
    shapes: list[Shape] = [
        Text(X(0, 6 - LABEL), middle, f"{group.name}{count}", size="legend", room=X(0, LABEL - 14)),
        Rect(X(ends[0]), middle - BAR / 2, X(ends[1]), middle + BAR / 2, fill="first"),
        Text(X(1, 14), middle, told, size="small", room=X(0, NUMBER - 20)),
    ]
    if group.true is not None:
        at = X(0.5 + 0.5 * group.true / most)
        shapes += [
            Line(at, middle - BAR / 2 - 3, at, middle + BAR / 2 + 3, colour, width)
            for colour, width in (("ground", 5.0), ("second", 3.0))
        ]
        tooltip.append(f"true effect: {change_text(group.true)}")
    shapes.append(Rect(X(0, -LABEL), top, X(1, NUMBER - 6), top + ROW, tooltip="\n".join(tooltip)))
    return shapes
