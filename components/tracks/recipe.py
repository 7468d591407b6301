"""The Python that makes a figure of the tracks page, for a notebook or a script."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class TracksRecipe:
    """What a figure is made from.

    Attributes
    ----------
    model : a name that `core.enformer.load_model` knows.
    genome : a name or a path that `core.genome.open_genome` knows; of an uploaded file its name.
    window : (chromosome, start, end) that the model reads, 0-based and half-open.
    reverse_complement, shifts : of the averaging.
    logarithm : tracks that are usually drawn so are drawn as log10(1 + x).
    origin : of a simulated genome where it comes from, "" of any other.
    truth : the grammar's columns of the tracks, where the truth is laid over them.
    """

    model: str
    genome: str
    window: tuple[str, int, int]
    head: str
    tracks: tuple[int, ...]
    reverse_complement: bool = False
    shifts: tuple[int, ...] = ()
    logarithm: bool = True
    origin: str = ""
    truth: tuple[int, ...] = ()


def python_recipe(recipe: TracksRecipe) -> str:
    """A script that predicts the tracks with `core` and writes them with Plotly to tracks.html.

    Whatever a person typed is in it as a Python literal, so it cannot become code.
    """
    averaged = recipe.reverse_complement or recipe.shifts
    asked = f"averaging = Averaging(reverse_complement={recipe.reverse_complement}, shifts={recipe.shifts!r})\n"
    fetch = "sequence = genome.fetch(window)  # upper case; N outside the chromosome\n"
    if averaged:
        fetch = asked + "sequence, flanks = window_with_flanks(genome, window, averaging)\n"
    more = ", averaging=averaging, flanks=flanks" if averaged else ""
    head = f", head={recipe.head!r}" if recipe.head != "human" else ""
    logs = "np.log10(1 + np.maximum({0}, 0)) if track.log else {0}" if recipe.logarithm else "{0}"
    said = f' + " · " + {recipe.origin!r}' if recipe.origin else ""
    chrom, start, end = recipe.window
    known = line = ""
    if recipe.truth:
        known = (
            "truth = world().truth(found.interval)"
            f"[:, {list(recipe.truth)!r}]  # what the grammar says, in the same bins\n"
            "starts = places - 0.5 - found.bin_size_bp / 2\n"
            "here = (starts > -found.bin_size_bp) & (starts < genome.contigs[window.chrom])  # on the chromosome\n"
            "for track, values, true in zip(found.tracks, found.values.T, truth.T):\n"
            '    print(f"{track.label}: r = {np.corrcoef(values[here], true[here])[0, 1]:.2f}")\n'
        )
        line = (
            f"    true = {logs.format('truth[:, row - 1]')}\n"
            '    figure.add_scatter(x=places, y=true, line_shape="hvh", line_color="black", row=row, col=1)\n'
        )
    return (
        "import numpy as np\n"
        "from plotly.subplots import make_subplots\n\n"
        "from core.enformer import EnformerEngine, load_model\n"
        + ("from core.enformer.averaging import Averaging, window_with_flanks\n" if averaged else "")
        + "from core.genome import Interval, open_genome\n"
        + ("from core.teaching.playground.world import world\n" if recipe.truth else "")
        + "\n"
        f"genome = open_genome({recipe.genome!r})\n"
        f"window = Interval({chrom!r}, {start}, {end})  # 0-based, half-open\n"
        + fetch
        + f"engine = EnformerEngine(load_model({recipe.model!r}))\n"
        f"found = engine.predict(sequence, tracks={list(recipe.tracks)!r}{head}, interval=window{more})\n\n"
        "places = found.interval.start + found.bin_size_bp * (np.arange(found.bins) + 0.5) + 0.5  # 1-based\n"
        + known
        + 'names = [f"{track.label}, {track.unit}" for track in found.tracks]\n'
        "figure = make_subplots(len(found), 1, shared_xaxes=True, subplot_titles=names)\n"
        "for row, (track, values) in enumerate(zip(found.tracks, found.values.T), 1):\n"
        f"    heights = {logs.format('values')}\n"
        '    figure.add_scatter(x=places, y=heights, line_shape="hvh", fill="tozeroy", row=row, col=1)\n'
        + line
        + 'figure.update_xaxes(title=f"Position on {window.chrom}", tickformat=",d", row=len(found))\n'
        f"figure.update_layout(title=found.provenance.sentence{said}, showlegend=False, "
        "height=120 + 130 * len(found))\n"
        'figure.write_html("tracks.html")\n'
    )


def render_recipe(recipe: TracksRecipe) -> None:
    """The Python that makes this figure, to copy."""
    with st.popover("Python", icon=":material/code:", help="The Python that makes this figure"):
        st.caption("Save it as tracks.py in this app's folder and run .venv/bin/python tracks.py there.")
        st.code(python_recipe(recipe), language="python")
