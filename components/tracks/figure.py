"""Predicted tracks over one genomic axis, the window that the model read above them, genes below: a Plotly figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from components.style import FONT_STACK, TRACK_DARK, TRACK_LIGHT, TRACK_SIZES, TrackColours
from components.tracks.genes import add_genes, gene_lanes, plain_text
from components.tracks.view import PREDICTION, TRUTH, View
from core.genome.interval import Interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.enformer.tracks import Track

MANY = 6
TRUTH_WIDTH = 1.5


def tracks_figure(view: View, *, dark: bool = False) -> go.Figure:
    """The figure; positions are 1-based, a bin of bases a to b lies between a - 0.5 and b + 0.5."""
    import plotly.graph_objects as go

    colours, sizes = (TRACK_DARK if dark else TRACK_LIGHT), TRACK_SIZES
    head = sizes.head + (0 if view.truth is None else sizes.gap)  # the legend's line
    lanes, left_out = gene_lanes(view.genes or (), view.shown)
    row = sizes.track if len(view.columns) <= MANY else sizes.many
    below = sizes.lane * (max((lane.number for lane in lanes), default=0) + 1)
    tracks_top = head + sizes.window + sizes.funnel + sizes.gap
    genes_top = tracks_top + len(view.columns) * (row + sizes.gap) - sizes.gap + sizes.gap // 2
    height = genes_top + below + sizes.foot
    inner = height - head - sizes.foot

    def share(pixels: float) -> float:
        return min(max(1 - (pixels - head) / inner, 0.0), 1.0)

    figure = go.Figure()
    tops = _shared_tops(view) if view.shared else {}
    for number, track in enumerate(view.tracks):
        top = tracks_top + number * (row + sizes.gap)
        _add_track(figure, view, track, number, (share(top + row), share(top)), tops.get(track.assay), colours)
    _add_genes(figure, view, lanes, left_out, (share(genes_top + below), share(genes_top)), colours)
    window = (share(head + sizes.window), 1.0)
    _add_window(figure, view, window, share(head + sizes.window + sizes.funnel), colours)
    _mark_place(figure, view, share(tracks_top - sizes.gap), colours)
    if view.truth is not None:
        _add_legend(figure, 1 + 18 / inner, colours)
    for text, size, colour, shift in (
        (f"<b>{plain_text(view.title)}</b>", sizes.title, colours.text, head - 4),
        (plain_text(view.subtitle), sizes.label, colours.muted, head - 28),
    ):
        figure.add_annotation(
            text=text, x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="top", yshift=shift,
            font={"size": size, "color": colour}, showarrow=False,
        )  # fmt: skip
    figure.add_annotation(
        text=plain_text(view.provenance_sentence), x=0, xref="paper", xanchor="left", y=0, yref="paper",
        yanchor="top", yshift=-44, font_size=sizes.small, font_color=colours.muted, showarrow=False,
    )  # fmt: skip
    assembly = "" if view.assembly == "unknown" else f" ({plain_text(view.assembly)})"
    figure.update_xaxes(showgrid=False, zeroline=False, linecolor=colours.rule, tickcolor=colours.rule)
    figure.update_layout(
        height=height,
        margin={"l": sizes.left, "r": sizes.right, "t": head, "b": sizes.foot, "pad": 0},
        font={"family": FONT_STACK, "color": colours.text, "size": 12},
        paper_bgcolor=colours.ground,
        plot_bgcolor=colours.ground,
        showlegend=view.truth is not None,
        bargap=0,
        hovermode="x unified",
        hoversubplots="axis",
        hoverlabel={"bgcolor": colours.ground, "bordercolor": colours.rule, "font_size": 12, "namelength": -1},
        dragmode="zoom",
        xaxis={
            "range": [view.shown.start + 0.5, view.shown.end + 0.5],
            "minallowed": view.shown.start + 0.5,
            "maxallowed": view.shown.end + 0.5,
            "title": {"text": f"Position on {plain_text(view.seen.chrom)}{assembly}, bp", "standoff": 6},
            "tickformat": ",d",
            "hoverformat": ",.0f",
            "unifiedhovertitle": {"text": f"{plain_text(view.seen.chrom)}:%{{x:,.0f}}"},
            "nticks": 8,
            "ticks": "outside",
            "showspikes": True,
            "spikemode": "across",
            "spikesnap": "cursor",
            "spikethickness": 1,
            "spikedash": "solid",
            "spikecolor": colours.muted,
            "anchor": "free",
            "position": 0,
        },
    )  # fmt: skip
    return figure


def _axis(number: int) -> str:
    return "y" if number == 0 else f"y{number + 1}"


def _layout_axis(number: int) -> str:
    return "yaxis" if number == 0 else f"yaxis{number + 1}"


def _shared_tops(view: View) -> dict[str, float]:
    """The largest height of each assay."""
    tops: dict[str, float] = {}
    for track in view.tracks:
        top = float(view.drawn(track, _reach(view, track)).max())
        tops[track.assay] = max(tops.get(track.assay, 0.0), top)
    return tops


def _reach(view: View, track: Track) -> np.ndarray:
    """The upper edge of what is drawn: the values, the ribbon above them, or the truth."""
    values, spread, truth = view.found.column(track), view.found.spread_of(track), view.truth_of(track)
    upper = values if spread is None else values + spread
    return upper if truth is None else np.maximum(upper, truth)


def _add_track(
    figure: go.Figure,
    view: View,
    track: Track,
    number: int,
    domain: tuple[float, float],
    top: float | None,
    colours: TrackColours,
) -> None:
    found, seen, colour = view.found, view.seen, colours.assays.get(track.assay, colours.other)
    values, spread = found.column(track), found.spread_of(track)
    middles = seen.start + found.bin_size_bp * (np.arange(found.bins) + 0.5) + 0.5
    # Half a bin at either end, so that "hvh", which turns half-way between two points, draws whole bins.
    places = np.concatenate([[seen.start + 0.5], middles, [seen.end + 0.5]])

    def edged(heights: np.ndarray) -> np.ndarray:
        return np.concatenate([heights[:1], heights, heights[-1:]])

    given = {"x": places, "yaxis": _axis(number), "xaxis": "x", "mode": "lines", "showlegend": False}
    told = [_figures(value) for value in edged(values)]
    if spread is not None:
        told = [f"{value} ± {_figures(more)}" for value, more in zip(told, edged(spread), strict=True)]
    figure.add_scatter(
        y=edged(view.drawn(track, values)), name=plain_text(track.label), customdata=told, fill="tozeroy",
        line={"color": colour, "width": 1, "shape": "hvh"}, fillcolor=_faded(colour, 0.45 if spread is None else 0.2),
        hovertemplate="%{customdata}", **given,
    )  # fmt: skip
    if spread is not None:
        for name, edge, fill in (("least", values - spread, None), ("most", values + spread, "tonexty")):
            figure.add_scatter(
                y=edged(view.drawn(track, edge)), name=f"{plain_text(track.label)}, {name}", hoverinfo="skip",
                line={"color": colour, "width": 0, "shape": "hvh"}, fill=fill, fillcolor=_faded(colour, 0.55), **given,
            )  # fmt: skip
    if (truth := view.truth_of(track)) is not None:
        figure.add_scatter(
            y=edged(view.drawn(track, truth)), name=f"{plain_text(track.label)}, truth",
            customdata=[_figures(value) for value in edged(truth)], hovertemplate="%{customdata}",
            line={"color": colours.text, "width": TRUTH_WIDTH, "shape": "hvh"}, **given,
        )  # fmt: skip
    reach = view.drawn(track, _reach(view, track))
    end = max(top if top is not None else float(reach.max()), 1e-6)
    least = min(0.0, float(view.drawn(track, values if spread is None else values - spread).min()))
    figure.update_layout({_layout_axis(number): {
        "domain": domain, "range": [least * 1.05, end * 1.08], "fixedrange": True, "nticks": 3, "zeroline": True,
        "zerolinecolor": colours.rule, "showgrid": False, "tickformat": "~g",
        "tickfont": {"size": TRACK_SIZES.small, "color": colours.muted},
        "ticks": "outside", "ticklen": 3, "tickcolor": colours.rule, "anchor": "x", "rangemode": "normal",
        "showline": True, "linecolor": colours.rule,
    }})  # fmt: skip
    unit = f"log10(1 + x), x: {track.unit}" if view.is_log(track) else track.unit
    small = f"<span style='color:{colours.muted};font-size:{TRACK_SIZES.small}px'>  {plain_text(unit)}</span>"
    if said := view.agreement_sentence(track):
        small += f"<span style='font-size:{TRACK_SIZES.small}px'>  <b>{plain_text(said)}</b></span>"
    figure.add_annotation(
        text=f"<b>{plain_text(_short(track.label))}</b>{small}", x=0, xref="paper", xanchor="left", y=domain[1],
        yref="paper", yanchor="bottom", font={"size": TRACK_SIZES.label, "color": colours.text}, showarrow=False,
    )  # fmt: skip


def _add_legend(figure: go.Figure, bottom: float, colours: TrackColours) -> None:
    """What is filled and what is a line, under the title; `bottom` in heights of what lies between the margins."""
    swatch = {"symbol": "square", "size": 11, "color": _faded(colours.muted, 0.45),
              "line": {"color": colours.muted, "width": 1}}  # fmt: skip
    given = {"x": [None], "y": [None], "xaxis": "x", "yaxis": "y", "hoverinfo": "skip", "showlegend": True}
    figure.add_scatter(mode="markers", marker=swatch, name=PREDICTION, **given)
    figure.add_scatter(mode="lines", line={"color": colours.text, "width": TRUTH_WIDTH}, name=TRUTH, **given)
    figure.update_layout(legend={
        "orientation": "h", "x": 0, "xanchor": "left", "y": bottom, "yanchor": "bottom", "traceorder": "normal",
        "itemclick": False, "itemdoubleclick": False, "bgcolor": "rgba(0,0,0,0)",
        "font": {"size": TRACK_SIZES.label, "color": colours.text},
    })  # fmt: skip


def _add_genes(
    figure: go.Figure, view: View, lanes: Sequence, left_out: int, domain: tuple[float, float], colours: TrackColours
) -> None:
    number = len(view.columns)
    deepest = max((lane.number for lane in lanes), default=0)
    add_genes(figure, lanes, view.shown, _axis(number), colours)
    figure.update_layout({_layout_axis(number): {
        "domain": domain, "range": [deepest + 0.6, -0.6], "visible": False, "fixedrange": True, "anchor": "x",
    }})  # fmt: skip
    said = ""
    if view.genes is None:
        said = "No genes are loaded for this genome."
    elif not lanes:
        said = "No genes here."
    elif left_out:
        said = f"{left_out} more gene{'s' if left_out > 1 else ''} here had no room."
    if said:
        figure.add_annotation(
            text=plain_text(said), x=1 if lanes else 0.5, xref="paper", xanchor="right" if lanes else "center",
            y=domain[0] if lanes else sum(domain) / 2, yref="paper", yanchor="bottom" if lanes else "middle",
            showarrow=False, font={"size": TRACK_SIZES.small, "color": colours.muted},
        )  # fmt: skip


def _add_window(
    figure: go.Figure, view: View, domain: tuple[float, float], lower: float, colours: TrackColours
) -> None:
    """The whole window on an axis of its own: read only (hatched), predicted (filled), N (crossed)."""
    window, seen, number = view.window, view.shown, len(view.columns) + 1
    inside = (max(window.start, 0), min(window.end, view.contig_bp))
    parts = [
        ("N: outside the chromosome", window.start, inside[0], "x"),
        ("read, not predicted", inside[0], seen.start, "/"),
        ("read and predicted", seen.start, seen.end, ""),
        ("read, not predicted", seen.end, inside[1], "/"),
        ("N: outside the chromosome", inside[1], window.end, "x"),
    ]
    for name, start, end, hatch in parts:
        if start >= end:
            continue
        place = Interval(window.chrom, max(0, start), end).locus if hatch != "x" else f"{end - start:,} bp"
        figure.add_bar(
            orientation="h", base=[start + 0.5], x=[end - start], y=[0], width=1, xaxis="x2", yaxis=_axis(number),
            marker={"color": _faded(colours.gene, 0.75) if not hatch else colours.ground, "line_width": 0.8,
                    "line_color": colours.muted,
                    "pattern": {"shape": hatch, "fgcolor": colours.muted, "size": 5, "solidity": 0.25}},
            hovertemplate=f"{name}: {plain_text(place)}<extra></extra>", name=name, showlegend=False,
        )  # fmt: skip
    figure.update_layout({
        _layout_axis(number): {"domain": domain, "range": [-0.55, 0.55], "visible": False, "fixedrange": True,
                               "anchor": "x2"},
        "xaxis2": {"range": [window.start + 0.5, window.end + 0.5], "visible": False, "fixedrange": True,
                   "anchor": _axis(number)},
    })  # fmt: skip
    said = {"x": "N", "/": "read only", "": "read and predicted"}
    wide = [(said[hatch], start, end) for _, start, end, hatch in parts if end - start > 0.08 * window.width_bp]
    for name, start, end in wide:
        place = (start + end) / 2
        figure.add_annotation(
            text=name, x=place, xref="x2", y=domain[1], yref="paper", yanchor="bottom", yshift=-1, showarrow=False,
            font={"size": TRACK_SIZES.small, "color": colours.muted},
        )  # fmt: skip
    left, right = ((edge - window.start) / window.width_bp for edge in (seen.start, seen.end))
    figure.add_shape(
        type="path", xref="paper", yref="paper", line_width=0, fillcolor=_faded(colours.gene, 0.1), layer="below",
        path=f"M {left} {domain[0]} L {right} {domain[0]} L 1 {lower} L 0 {lower} Z",
    )  # fmt: skip


def _mark_place(figure: go.Figure, view: View, top: float, colours: TrackColours) -> None:
    """Lines at the ends of what was asked for, or one line at a single base; nothing that lies outside."""
    edges = {view.place.start + 0.5, view.place.end + 0.5} if view.place.width_bp > 1 else {view.place.start + 1}
    for edge in sorted(edges):
        if view.shown.start < edge < view.shown.end + 0.5:
            figure.add_shape(
                type="line", x0=edge, x1=edge, xref="x", y0=0, y1=top, yref="paper", layer="below",
                line={"color": colours.place, "width": 1, "dash": "dot"}, name="asked",
            )  # fmt: skip


def _faded(colour: str, share: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def _short(text: str, most: int = 90) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _figures(value: float) -> str:
    """Three significant digits, without an exponent where people read none."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
