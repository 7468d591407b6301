"""The five rules of the grammar as small pictures, computed by the grammar's own functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.drawing import Drawing, Graph, Key, Line, Rect, Shape, Text, X
from components.drawing.axis import number_text
from core.teaching.playground.grammar import CELL_TYPES, GenePlan, Grammar, elements, expression
from core.teaching.playground.locus import Locus
from core.teaching.playground.motifs import motifs
from core.teaching.playground.moves import element_sites
from core.teaching.playground.occupancy import CELL_BP, occupancy
from core.teaching.playground.told import Terms

HIGH, LEFT, RIGHT, FOOT = 118, 34, 14, 36
MOST_SITES, MOST_BP = 6, 12_000
_CELL_ROLES = {"erythroid": "second", "liver": "first"}


def _plot(
    curves: Sequence[tuple[np.ndarray, str]],
    ticks: Sequence[tuple[float, str]],
    across: str,
    marks: Sequence[tuple[float, float, str, str]],
) -> tuple[list[Shape], float]:
    """Curves of heights 0 to 1 over a common axis; marks are (share of the axis, height, role, tooltip)."""
    shapes: list[Shape] = [Line(X(), HIGH * (1 - y), X(1), HIGH * (1 - y)) for y in (0, 0.5, 1)]
    shapes += [
        Text(X(px=-6), HIGH * (1 - y), f"{y:g}", size="small", colour="muted", align="right") for y in (0, 0.5, 1)
    ]
    for heights, role in curves:
        width = 1.25 if role == "muted" else 2
        shapes.append(Graph(X(), X(1), HIGH, tuple((heights * HIGH).tolist()), line=role, width=width, steps=False))
    for share, name in ticks:
        shapes.append(Line(X(share), HIGH, X(share), HIGH + 4, colour="muted"))
        shapes.append(Text(X(share), HIGH + 13, name, size="small", colour="muted", align="center"))
    shapes.append(Text(X(0.5), HIGH + 29, f"{across} →", size="small", colour="muted", align="center"))
    for share, height, role, words in marks:
        y = HIGH * (1 - height)
        shapes.append(Rect(X(share, -6), y - 6, X(share, 6), y + 6, fill=role, outline="ground", tooltip=words))
    return shapes, HIGH + FOOT


def _drawing(
    title: str, subtitle: str, made: tuple[list[Shape], float], provenance: str, legend: tuple[Key, ...] = ()
) -> Drawing:
    shapes, height = made
    name = "playground-rule-" + title.partition(".")[0]
    return Drawing(
        title, tuple(shapes), height, f"{title}: {subtitle}", provenance, subtitle, legend, LEFT, RIGHT, file_name=name
    )


def site_drawing(locus: Locus, provenance: str) -> Drawing:
    """Rule 1, and where the sites of the element lie on it."""
    bits = np.linspace(-6, 6, 121)
    threshold = {motif.name: motif.threshold for motif in motifs()}
    marks = []
    for site in element_sites(locus.element) if locus.element else ():
        above = site.score - threshold[site.motif]
        words = f"{site.motif} in this element\n{site.score:.1f} bits, there {site.occupancy:.0%} of the time"
        marks.append(((min(above, 6) + 6) / 12, site.occupancy, "third", words))
    ticks = [((at + 6) / 12, f"{at:+d}".replace("-", "−") if at else "0") for at in (-6, -3, 0, 3, 6)]
    made = _plot([(occupancy(bits, 0.0), "text")], ticks, "score above the threshold, bits", marks)
    subtitle = "The better the letters fit its motif, the more of the time it is there."
    legend = (Key("a site of this element", fill="third"),) if marks else ()
    return _drawing("1. A factor sits on a site", subtitle, made, provenance, legend)


def _activity(doses: np.ndarray, grammar: Grammar, role: str) -> np.ndarray:
    """Activity of elements of a role with these many full sites, by the grammar itself."""
    column = next(i for i, motif in enumerate(motifs()) if motif.role == role)
    apart = 80  # cells, so that no two elements touch
    occupied = np.zeros((apart * (len(doses) + 1), len(motifs())), dtype=np.float32)
    places = apart * np.arange(1, len(doses) + 1)
    occupied[places, column] = doses
    found = elements(occupied, grammar)
    return (found.silencer if role == "silencer" else found.enhancer[role])[places]


def sites_drawing(locus: Locus, left: int | None, grammar: Grammar, provenance: str) -> Drawing:
    """Rule 2 for the kind of element that is changed: one site, two, three; `left` is how many it has now."""
    role = "silencer" if locus.element is not None and locus.element.kind == "silencer" else CELL_TYPES[0]
    curve = _activity(np.linspace(0, MOST_SITES, 49), grammar, role)
    counts = range(MOST_SITES + 1)
    heights = _activity(np.array(counts), grammar, role)
    marks = [
        (
            n / MOST_SITES,
            float(a),
            "third" if n == left else "text",
            f"{n} full site{'' if n == 1 else 's'}\nactivity {a:.2f}",
        )
        for n, a in zip(counts, heights, strict=True)
    ]
    ticks = [(n / MOST_SITES, str(n)) for n in counts]
    made = _plot([(curve, "text")], ticks, "sites within about 100 bp", marks)
    what = "A silencer’s sites" if role == "silencer" else "Sites"
    one, two, three = heights[1:4]
    subtitle = f"{what} act together: one gives {one:.2f} of full activity, two {two:.2f}, three {three:.2f}."
    legend = () if left is None else (Key("this element now", fill="third"),)
    return _drawing("2. Sites make an element", subtitle, made, provenance, legend)


def contact_along(grammar: Grammar, boundary_bp: int | None = None) -> np.ndarray:
    """(cells,) contact of a gene at 0 with the next 12 kb, with a boundary of three sites at a place or none."""
    column = next(i for i, motif in enumerate(motifs()) if motif.role == "boundary")
    occupied = np.zeros((MOST_BP // CELL_BP + 40, len(motifs())), dtype=np.float32)
    if boundary_bp is not None:
        at = boundary_bp // CELL_BP
        occupied[[at - 2, at, at + 2], column] = 1
    gene = GenePlan("", "+", 0, 1, ())
    return expression(elements(occupied, grammar), [gene], grammar).contact[0][: MOST_BP // CELL_BP + 1]


def _contact(
    title: str,
    subtitle: str,
    now: np.ndarray,
    other: np.ndarray | None,
    distance_bp: int,
    provenance: str,
    legend: tuple[Key, ...] = (),
) -> Drawing:
    at = min(distance_bp // CELL_BP, len(now) - 1)
    words = f"this element, {distance_bp:,} bp away\ncontact {now[at]:.2f}"
    marks = [(distance_bp / MOST_BP, float(now[at]), "third", words)] if 0 < distance_bp <= MOST_BP else []
    curves = ([] if other is None else [(other, "muted")]) + [(now, "text")]
    ticks = [(kilo / 12, str(kilo)) for kilo in (0, 3, 6, 9, 12)]
    made = _plot(curves, ticks, "distance to the gene, kb", marks)
    here = (Key("this element", fill="third"),) if marks else ()
    return _drawing(title, subtitle, made, provenance, (*here, *legend))


def distance_drawing(distance_bp: int, grammar: Grammar, provenance: str) -> Drawing:
    """Rule 3: contact falls with distance; the shipped reach in grey where another one is set."""
    shipped = contact_along(Grammar()) if grammar.reach_bp != Grammar().reach_bp else None
    legend = () if shipped is None else (Key("shipped reach", fill="muted"),)
    subtitle = f"What is {grammar.reach_bp:,.0f} bp away counts {np.exp(-1):.2f}: exp(−distance / reach)."
    now = contact_along(grammar)
    return _contact("3. Distance weakens", subtitle, now, shipped, distance_bp, provenance, legend)


def boundary_drawing(distance_bp: int, grammar: Grammar, provenance: str) -> Drawing:
    """Rule 4: a boundary half-way; without it in grey."""
    at = max(800, min(distance_bp or 4_000, MOST_BP) // 2)
    behind = contact_along(grammar, at)
    subtitle = (
        f"A boundary (three CTCF sites, here at {at / 1000:.1f} kb) lets exp(−{grammar.insulation:g}) or less by."
    )
    free = contact_along(grammar)
    legend = (Key("without it", fill="muted"),)
    return _contact("4. A boundary stops", subtitle, behind, free, distance_bp, provenance, legend)


def expression_drawing(
    symbol: str, before: dict[str, Terms], after: dict[str, Terms], rules: tuple[Grammar, Grammar], provenance: str
) -> Drawing:
    """Rule 5: the terms of the gene's expression in each cell type, before and now."""
    top = max(0.5, *(terms.level for told in (before, after) for terms in told.values()))
    shapes: list[Shape] = []
    y = 0.0
    for cell in CELL_TYPES:
        shapes.append(Text(X(px=-LEFT), y + 9, cell, strong=True))
        y += 22
        for when, terms, grammar in (("before", before[cell], rules[0]), ("now", after[cell], rules[1])):
            role = "muted" if when == "before" else _CELL_ROLES[cell]
            shapes.append(Text(X(px=-LEFT), y + 8, when, size="small", colour="muted"))
            words = f"{symbol} in {cell}, {when}\n{formula(terms, grammar)}"
            shapes.append(Rect(X(px=20), y + 1, X(terms.level / top * 0.42, 20), y + 15, fill=role, tooltip=words))
            shapes.append(Text(X(0.46, 20), y + 8, formula(terms, grammar), size="small", room=X(0.54, -20)))
            y += 21
        y += 8
    subtitle = "promoter × (basal + strength × enhancers reached) ÷ (1 + silencing × silencers reached) = expression"
    legend = (Key("before", fill="muted"), *(Key(f"now, {cell}", fill=_CELL_ROLES[cell]) for cell in CELL_TYPES))
    return _drawing("5. Expression of a gene", subtitle, (shapes, y), provenance, legend)


def formula(terms: Terms, grammar: Grammar) -> str:
    """For example "0.98 × (0.08 + 1 × 0.72) ÷ 1.00 = 0.78"."""
    parts = [number_text(value, 2) for value in (terms.promoter, terms.reached, terms.damped, terms.level)]
    return f"{parts[0]} × ({grammar.basal:g} + {grammar.strength:g} × {parts[1]}) ÷ {parts[2]} = {parts[3]}"
