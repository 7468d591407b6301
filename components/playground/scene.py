"""A locus of the playground before and after a change: tracks, elements, genes, drawn as one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.drawing import Drawing, Graph, Key, Line, Rect, Shape, Text, X
from components.drawing.axis import nice_axis
from core.genome import Interval
from core.teaching.playground.grammar import BIN_SIZE_BP, TRACKS, GenePlan
from core.teaching.playground.locus import Element, Locus, elements_in
from core.teaching.playground.moves import Changed

# Track, name in the gutter, role of its colour, tracks that share its axis.
ROWS = (
    ("CAGE:erythroid", "CAGE, erythroid", "second"),
    ("CAGE:liver", "CAGE, liver", "first"),
    ("CHIP:H3K27ac:erythroid", "H3K27ac, erythroid", "second"),
    ("CHIP:H3K27ac:liver", "H3K27ac, liver", "first"),
    ("DNASE:erythroid", "DNase, erythroid", "second"),
    ("DNASE:liver", "DNase, liver", "first"),
    ("CHIP:CTCF", "CTCF", "third"),
)
ROLES = {
    "promoter": ("text",),
    "enhancer erythroid": ("second",),
    "enhancer liver": ("first",),
    "enhancer shared": ("second", "first"),
    "silencer": ("muted",),
    "boundary": ("third",),
}
LEFT, RIGHT, ROW, APART = 164, 14, 42, 9
BOX, LANE = 14, 22


@dataclass(frozen=True, eq=False)
class Scene:
    """What a picture shows.

    Attributes
    ----------
    before, after : (bins, 12) in the order of the grammar's tracks, over `locus.seen`.
    changed : where things lie after the change.
    sites : "3 of 5 sites left" or "".
    is_changed : whether there is a before to show.
    beside : (bins, 12) of the picture that this one is compared with: axes reach as far.
    """

    locus: Locus
    before: np.ndarray
    after: np.ndarray
    changed: Changed
    title: str
    subtitle: str
    provenance: str
    file_name: str
    sites: str = ""
    is_changed: bool = False
    beside: tuple[np.ndarray, ...] = ()

    def share(self, place: float) -> X:
        """A place on the chromosome as a place in the picture."""
        seen = self.locus.seen
        return X((place - seen.start) / seen.width_bp)


def locus_drawing(scene: Scene) -> Drawing:
    """The picture: filled is now, the line is before the change."""
    shapes: list[Shape] = []
    bottom = _tracks(scene, shapes)
    shapes += _marks(scene, bottom)
    _columns(scene, shapes, bottom)
    y = bottom + 8
    y = _elements(scene, shapes, y)
    y = _genes(scene, shapes, y)
    y = _axis(scene, shapes, y)
    return Drawing(
        title=scene.title,
        subtitle=scene.subtitle,
        shapes=tuple(shapes),
        height=y,
        description=f"{scene.title}. {scene.subtitle} Tracks over elements and genes: {_rows_in_words(scene)}",
        provenance=scene.provenance,
        legend=_legend(),
        left=LEFT,
        right=RIGHT,
        file_name=scene.file_name,
    )


def _legend() -> tuple[Key, ...]:
    # Always the same entries, so that the picture keeps its height.
    return (
        Key("erythroid", fill="second"),
        Key("liver", fill="first"),
        Key("CTCF, boundary", fill="third"),
        Key("promoter", fill="text"),
        Key("silencer", fill="muted", stripes=True),
        Key("grey line, empty box: before", outline="muted"),
    )


def _tops(scene: Scene) -> dict[str, float]:
    """The end of each row's axis: the two cell types share one, and before and after do."""
    tops: dict[str, float] = {}
    for track, name, _ in ROWS:
        column = TRACKS.index(track)
        most = max(float(values[:, column].max()) for values in (scene.before, scene.after, *scene.beside))
        assay = name.partition(",")[0]
        tops[assay] = max(tops.get(assay, 1.0), most)
    return {assay: nice_axis(most)[0] for assay, most in tops.items()}


def _tracks(scene: Scene, shapes: list[Shape]) -> float:
    tops = _tops(scene)
    for number, (track, name, role) in enumerate(ROWS):
        top = number * (ROW + APART)
        bottom = top + ROW
        end = tops[name.partition(",")[0]]
        column = TRACKS.index(track)
        shapes.append(Text(X(px=-LEFT), top + ROW / 2, name, room=X(px=LEFT - 34)))
        shapes.append(Text(X(px=-6), top + 5, f"{end:g}", size="small", colour="muted", align="right"))
        shapes.append(Text(X(px=-6), bottom - 5, "0", size="small", colour="muted", align="right"))
        shapes.append(Line(X(), bottom, X(1), bottom))
        shapes.append(Line(X(), top, X(), bottom))
        for values, look in ((scene.before, {"line": "muted"}), (scene.after, {"fill": role, "line": role})):
            if values is scene.before and not scene.is_changed:
                continue
            heights = np.clip(values[:, column] / end, 0, 1) * ROW
            width = 1.5 if values is scene.before else 1
            shapes.append(Graph(X(), X(1), bottom, tuple(heights.tolist()), width=width, **look))
    return len(ROWS) * (ROW + APART) - APART


def _marks(scene: Scene, bottom: float) -> list[Shape]:
    """Upright lines at the gene's start and at the element."""
    places = [scene.locus.gene.tss]
    if scene.changed.element is not None:
        places.append(scene.changed.element.centre)
    return [Line(scene.share(place), 0, scene.share(place), bottom + 8) for place in places]


def _columns(scene: Scene, shapes: list[Shape], bottom: float) -> None:
    """What a bin holds, for whoever points at it."""
    seen, bins = scene.locus.seen, len(scene.after)
    for number in range(bins):
        start = seen.start + number * BIN_SIZE_BP
        where = Interval(seen.chrom, max(0, start), start + BIN_SIZE_BP).locus if start + BIN_SIZE_BP > 0 else "outside"
        lines = [where]
        for track, name, _ in ROWS:
            old, new = (float(values[number, TRACKS.index(track)]) for values in (scene.before, scene.after))
            lines.append(f"{name}: {old:.2f} → {new:.2f}" if scene.is_changed else f"{name}: {new:.2f}")
        shapes.append(Rect(X(number / bins), 0, X((number + 1) / bins), bottom, tooltip="\n".join(lines)))


def _elements(scene: Scene, shapes: list[Shape], y: float) -> float:
    """Boxes of elements, and the span from the gene to the one that is changed."""
    locus, changed = scene.locus, scene.changed
    shapes.append(Text(X(px=-LEFT), y + BOX / 2, "Elements", room=X(px=LEFT - 34)))
    for element in elements_in(locus.seen):
        if element == locus.element:
            continue
        covered = changed.element is not None and changed.element.overlaps(element.interval)
        gone = element in changed.removed or covered
        shapes.extend(_box(scene, element.interval, element.kind, y, _told(locus, element), gone=gone))
    if locus.element is not None and changed.element is not None:
        if changed.element != locus.element.interval:
            words = f"{locus.element.kind}\nwas here, its letters are shuffled now"
            shapes.extend(_box(scene, locus.element.interval, locus.element.kind, y, words, gone=True))
        words = f"{_told(locus, locus.element, changed.element)}{', ' if scene.sites else ''}{scene.sites}"
        shapes.extend(_box(scene, changed.element, locus.element.kind, y, words, own=True))
    if changed.written is not None:
        words = "boundary\nwritten here: three CTCF sites"
        shapes.extend(_box(scene, changed.written, "boundary", y, words, own=True))
    y += BOX + 10
    if changed.element is not None:
        ends = sorted((locus.gene.tss, changed.element.centre))
        shapes.append(Line(scene.share(ends[0]), y, scene.share(ends[1]), y, colour="text"))
        shapes += [Line(scene.share(at), y - 4, scene.share(at), y + 4, colour="text") for at in ends]
        between = f", {changed.boundaries} between" if changed.boundaries > 1 else ", boundary between"
        words = f"{ends[1] - ends[0]:,} bp{between if changed.boundaries else ''}"
        shapes.append(Text(scene.share(sum(ends) / 2), y + 12, words, size="small", align="center", halo=True))
    return y + 24


def _told(locus: Locus, element: Element, place: Interval | None = None) -> str:
    away = abs((place or element.interval).centre - locus.gene.tss)
    return f"{element.kind}\n{away:,} bp from the start of {locus.gene.symbol}"


def _box(
    scene: Scene, place: Interval, kind: str, y: float, words: str, *, gone: bool = False, own: bool = False
) -> list[Shape]:
    """A box in the colour of its kind; two halves where it acts in both cell types; empty where it is gone."""
    seen = scene.locus.seen
    left, right = (scene.share(min(max(at, seen.start), seen.end)) for at in (place.start, place.end))
    if gone:
        return [Rect(left, y, right, y + BOX, outline="muted", tooltip=words)]
    roles = ROLES[kind]
    high = BOX / len(roles)
    shapes: list[Shape] = [
        Rect(left, y + i * high, right, y + (i + 1) * high, fill=role, stripes=kind == "silencer")
        for i, role in enumerate(roles)
    ]
    around = 3 if own else 0
    outline = {"outline": "text"} if own else {}
    box = Rect(X(left.share, -around), y - around, X(right.share, around), y + BOX + around, tooltip=words, **outline)
    return [*shapes, box]


def _genes(scene: Scene, shapes: list[Shape], y: float) -> float:
    """Genes as lines with exons; names over them, on two lines where they would meet."""
    locus = scene.locus
    seen = locus.seen
    shapes.append(Text(X(px=-LEFT), y + 18, "Genes", room=X(px=LEFT - 34)))
    ends = [-1.0, -1.0]
    for gene in genes_in(locus):
        start, end = max(gene.body[0], seen.start), min(gene.body[1], seen.end)
        first = (start - seen.start) / seen.width_bp
        lane = next((i for i, taken in enumerate(ends) if taken < first), 0)
        ends[lane] = max((end - seen.start) / seen.width_bp, first + 0.09)
        top = y + lane * (LANE + 12)
        middle = top + 20
        shapes.append(Line(scene.share(start), middle, scene.share(end), middle, colour="text", width=1.5))
        for a, b in gene.exons:
            if max(a, start) < min(b, end):
                shapes.append(
                    Rect(scene.share(max(a, start)), middle - 5, scene.share(min(b, end)), middle + 5, fill="text")
                )
        own = gene.symbol == locus.gene.symbol
        arrow = f"{gene.symbol} →" if gene.strand == "+" else f"← {gene.symbol}"
        shapes.append(Text(scene.share(start), top + 6, arrow, size="small", strong=own, halo=True))
        direction = "to the right" if gene.strand == "+" else "to the left"
        words = f"{gene.symbol}\nread {direction}, {gene.body[1] - gene.body[0]:,} bp, simulated"
        shapes.append(Rect(scene.share(start), top, scene.share(end), middle + 6, tooltip=words))
    return y + (LANE + 12) * (1 if ends[1] < 0 else 2)


def genes_in(locus: Locus) -> tuple[GenePlan, ...]:
    """The genes in sight."""
    from core.teaching.playground.world import world

    seen = locus.seen
    return tuple(g for g in world().genes[locus.chrom] if g.body[0] < seen.end and g.body[1] > seen.start)


def _axis(scene: Scene, shapes: list[Shape], y: float) -> float:
    shapes.append(Line(X(), y, X(1), y))
    for kilo in range(-12, 13, 3):
        x = scene.share(scene.locus.gene.tss + 1000 * kilo)
        if 0 <= x.share <= 1:
            shapes.append(Line(x, y, x, y + 4, colour="muted"))
            number = "0" if kilo == 0 else f"{kilo:+d}".replace("-", "−")
            shapes.append(Text(x, y + 13, number, size="small", colour="muted", align="center"))
    words = f"kb from the start of {scene.locus.gene.symbol} along {scene.locus.chrom} →"
    shapes.append(Text(X(0.5), y + 30, words, size="small", colour="muted", align="center"))
    return y + 38


def _rows_in_words(scene: Scene) -> str:
    said = []
    for track, name, _ in ROWS:
        old, new = (float(values[:, TRACKS.index(track)].max()) for values in (scene.before, scene.after))
        said.append(f"{name} peaks at {old:.1f}" + (f", now at {new:.1f}" if scene.is_changed else ""))
    return f"{'; '.join(said)}."
