"""The Python that makes what the tracks page shows, for a notebook or a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

Window = tuple[str, int, int]


@dataclass(frozen=True)
class FileUse:
    """A file that is shown.

    Attributes
    ----------
    title : of its row.
    origin : "setting" (of ATTENDOME_SIGNALS or ATTENDOME_REGIONS, `name` is its id), "own" (a person's own, `name` is
        the file's name), or "simulated" (the playground's measurement, `name` is its track).
    over : index of the track that it is laid over, or None for a row of its own.
    regions : whether it is a BED file, and no bigWig.
    """

    title: str
    origin: Literal["setting", "own", "simulated"]
    name: str
    over: int | None = None
    regions: bool = False


@dataclass(frozen=True)
class TracksRecipe:
    """What is predicted and drawn.

    Attributes
    ----------
    model : a name that `core.enformer.load_model` knows.
    genome : a name or a path that `core.genome.open_genome` knows; of an uploaded file its name.
    windows : (chromosome, start, end) of each window that the model reads, from left to right, 0-based and half-open;
        what is predicted of them abuts.
    reverse_complement, shifts : of the averaging.
    logarithm : tracks that are usually drawn so are drawn as log10(1 + x).
    origin : of a simulated genome where it comes from, "" of any other.
    truth : the grammar's columns of the tracks, where the truth is laid over them.
    seen : (start, end) of what is seen; all that is predicted by default.
    differences : (first, second) indices of tracks whose difference is drawn.
    files : measured signal and regions.
    states : biosamples whose chromatin states are called.
    anchor : the window of the place that was asked for, from which the cuts of the states are taken; the first of
        `windows` by default.
    """

    model: str
    genome: str
    windows: tuple[Window, ...]
    head: str
    tracks: tuple[int, ...]
    reverse_complement: bool = False
    shifts: tuple[int, ...] = ()
    logarithm: bool = True
    origin: str = ""
    truth: tuple[int, ...] = ()
    seen: tuple[int, int] | None = None
    differences: tuple[tuple[int, int], ...] = ()
    files: tuple[FileUse, ...] = ()
    states: tuple[str, ...] = ()
    anchor: Window | None = None

    @property
    def averaged(self) -> bool:
        """Whether several runs are averaged."""
        return self.reverse_complement or bool(self.shifts)

    def laid_over(self) -> tuple[FileUse, ...]:
        """Files that are lines over tracks."""
        return tuple(use for use in self.files if use.over is not None and not use.regions)

    def own_rows(self, *, regions: bool) -> tuple[FileUse, ...]:
        """Files with rows of their own, signal or regions."""
        return tuple(use for use in self.files if use.regions == regions and (use.over is None or regions))


def python_recipe(recipe: TracksRecipe) -> str:
    """A script that predicts the tracks with `core` and writes what is seen with Plotly to tracks.html.

    Whatever a person typed is in it as a Python literal, so it cannot become code.
    """
    parts = (
        _imports(recipe),
        _predicting(recipe),
        _truth(recipe),
        _measured(recipe),
        _states(recipe),
        _rows(recipe),
        _figure(recipe),
    )
    return "\n".join(filter(None, parts))


def _imports(recipe: TracksRecipe) -> str:
    settings, own = (any(use.origin == kind for use in recipe.files) for kind in ("setting", "simulated"))
    signal = bool(recipe.laid_over() or recipe.own_rows(regions=False))
    from_signals = [
        name
        for name, wanted in (
            ("bin_size_for", recipe.own_rows(regions=False)),
            ("named_file", settings),
            ("pearson", recipe.truth or recipe.laid_over()),
            ("read_regions", recipe.own_rows(regions=True)),
        )
        if wanted
    ]
    lines = [
        "import numpy as np",
        "from plotly.subplots import make_subplots\n",
        "from core.enformer import EnformerEngine, load_model",
        recipe.averaged and "from core.enformer.averaging import Averaging, window_with_flanks",
        recipe.states and "from core.enformer.states import call_states, marks_of, rule_for, state_regions",
        "from core.genome import Interval, open_genome",
        (recipe.states or recipe.own_rows(regions=True)) and "from core.genome.chromatin import colour_of",
        signal and "from core.genome.signal import BigWig",
        from_signals and f"from core.genome.signals import {', '.join(from_signals)}",
        own and "from core.teaching.playground.files import playground_signal",
        recipe.truth and "from core.teaching.playground.world import world",
    ]
    return "\n".join(filter(None, lines)) + "\n"


def _predicting(recipe: TracksRecipe) -> str:
    """The lines that make `parts`, one prediction for each window, and `values` of all of them."""
    head = f", head={recipe.head!r}" if recipe.head != "human" else ""
    more = ", averaging=averaging, flanks=flanks" if recipe.averaged else ""
    fetch = "sequence = genome.fetch(window)  # upper case; N outside the chromosome"
    if recipe.averaged:
        fetch = "sequence, flanks = window_with_flanks(genome, window, averaging)"
    wanted = f"wanted = {list(recipe.tracks)!r}"
    if recipe.states:
        wanted += (
            f"\ntable = model.tables[{recipe.head!r}]\n"
            f"marks = [marks_of(table, sample) for sample in {list(recipe.states)!r}]\n"
            "asked = sorted({*wanted, *(track.index for each in marks for track in each.values())})"
        )
    asked = "asked" if recipe.states else "wanted"
    seen = recipe.seen or ("parts[0].interval.start", "parts[-1].interval.end")
    return (
        f"genome = open_genome({recipe.genome!r})\n"
        "windows = [  # 0-based, half-open; what is predicted of them abuts\n"
        + "".join(f"    Interval({chrom!r}, {start}, {end}),\n" for chrom, start, end in recipe.windows)
        + "]\n"
        f"model = load_model({recipe.model!r})\n"
        "engine = EnformerEngine(model)\n"
        f"{wanted}\n"
        + (
            f"averaging = Averaging(reverse_complement={recipe.reverse_complement}, shifts={recipe.shifts!r})\n"
            if recipe.averaged
            else ""
        )
        + "\n\n"
        "def predict(window):\n"
        f"    {fetch}\n"
        f"    return engine.predict(sequence, tracks={asked}{head}, interval=window{more})\n\n\n"
        "parts = [predict(window) for window in windows]\n"
        "bin_bp, chrom = parts[0].bin_size_bp, windows[0].chrom\n"
        "tracks = [parts[0].tracks[parts[0].place(index)] for index in wanted]\n"
        "values = np.concatenate([np.stack([part.column(track) for track in tracks], 1) for part in parts])"
        "  # (bins, tracks)\n"
        "middles = parts[0].interval.start + bin_bp * (np.arange(len(values)) + 0.5)\n"
        "places = middles + 0.5  # counted from 1, as people write positions\n"
        f"start, end = {seen[0]}, {seen[1]}  # what is seen; 0-based, half-open\n"
        "on_chromosome = (middles > -bin_bp / 2) & (middles < genome.contigs[chrom] + bin_bp / 2)\n"
        "seen = on_chromosome & (middles >= start) & (middles < end)\n"
    )


def _truth(recipe: TracksRecipe) -> str:
    """The lines that make `truth` and print how well it agrees."""
    if not recipe.truth:
        return ""
    return (
        "# What the grammar says, in the same bins.\n"
        f"truth = np.concatenate([world().truth(part.interval)[:, {list(recipe.truth)!r}] for part in parts])\n"
        "for track, heights, true in zip(tracks, values.T, truth.T):\n"
        "    r = pearson(heights[on_chromosome], true[on_chromosome])\n"
        '    told = "none" if r is None else f"{r:.3f}"\n'
        '    print(f"{track.label}: r = {told}")\n'
    )


def _place(use: FileUse) -> str:
    """The file, as Python."""
    if use.origin == "setting":
        return f"named_file({use.name!r}).place"
    return f"playground_signal({use.name!r})" if use.origin == "simulated" else repr(use.name)


def _measured(recipe: TracksRecipe) -> str:
    """The lines that make `measured`: index of a track -> what was measured in its bins."""
    if not recipe.laid_over():
        return ""
    files = "".join(f"    {use.over}: {_place(use)},\n" for use in recipe.laid_over())
    return (
        "# What was measured, in the bins of the prediction; r over those that are seen.\n"
        f"files = {{\n{files}}}\n"
        "measured = {}\n"
        "for track, heights in zip(tracks, values.T):\n"
        "    if track.index in files:\n"
        "        signal = BigWig(files[track.index])\n"
        "        measured[track.index] = np.concatenate([signal.means(part.interval, part.bins) for part in parts])\n"
        "        r = pearson(heights[seen], measured[track.index][seen])\n"
        '        told = "none" if r is None else f"{r:.3f}"\n'
        '        print(f"{track.label}, measured: r = {told}")\n'
    )


def _states(recipe: TracksRecipe) -> str:
    """The lines that make `states`: biosample -> regions."""
    if not recipe.states:
        return ""
    at = recipe.anchor or recipe.windows[0]
    anchor = "parts[0]"
    if at in recipe.windows:
        anchor = f"parts[{recipe.windows.index(at)}]"
    else:
        anchor = f"predict(Interval({at[0]!r}, {at[1]}, {at[2]}))"
    return (
        f"anchor = {anchor}  # the window that was asked for: where cuts are taken from\n"
        "states = {}\n"
        f"for sample in {list(recipe.states)!r}:\n"
        "    rule = rule_for(table, sample, anchor)\n"
        '    print(*rule.sentences, sep="\\n")\n'
        "    states[sample] = [\n"
        "        region\n"
        "        for part in parts\n"
        "        for region in state_regions(\n"
        "            call_states(rule, part), chrom, part.interval.start, bin_bp, genome.contigs[chrom]\n"
        "        )\n"
        "    ]\n"
    )


def _rows(recipe: TracksRecipe) -> str:
    """The lines that make `rows`: (title, places, heights, line over them), and `lanes`: (title, regions)."""
    logs = "np.log10(1 + np.maximum({0}, 0)) if track.log else {0}" if recipe.logarithm else "{0}"
    over = ["None"]
    if recipe.truth:
        over = [logs.format("truth[:, number]")]
    lines = ["rows = []", "for number, (track, heights) in enumerate(zip(tracks, values.T)):"]
    lines.append(f"    line = {over[0]}")
    if recipe.laid_over():
        lines += ["    if track.index in measured:", f"        line = {logs.format('measured[track.index]')}"]
    lines += [f"    drawn = {logs.format('heights')}"]
    lines += ['    rows.append((f"{track.label}, {track.unit}", places, drawn, line))']
    for first, second in recipe.differences:
        a, b = (recipe.tracks.index(index) for index in (first, second))
        lines += [
            f'title = f"{{tracks[{a}].label}} − {{tracks[{b}].label}}, {{tracks[{a}].unit}}"',
            f"rows.append((title, places, values[:, {a}] - values[:, {b}], None))",
        ]
    for use in recipe.own_rows(regions=False):
        lines += [
            "size = bin_size_for(end - start)",
            "first, stop = max(start, 0) // size, -(-end // size)",
            f"means = BigWig({_place(use)}).means(Interval(chrom, first * size, stop * size), stop - first)",
            f"rows.append(({f'{use.title}, measured'!r}, size * (np.arange(first, stop) + 0.5) + 0.5, means, None))",
        ]
    lines.append("lanes = []")
    for use in recipe.own_rows(regions=True):
        lines += [
            f"regions = read_regions({_place(use)}).regions_in(Interval(chrom, max(start, 0), end))",
            f"lanes.append(({use.title!r}, regions))",
        ]
    if recipe.states:
        lines.append('lanes += [(f"States, {sample} (predicted)", regions) for sample, regions in states.items()]')
    return "\n".join(lines) + "\n"


def _figure(recipe: TracksRecipe) -> str:
    said = f' + " · " + {recipe.origin!r}' if recipe.origin else ""
    coloured = recipe.states or recipe.own_rows(regions=True)
    lanes = (
        "for row, (_, regions) in enumerate(lanes, len(rows) + 1):\n"
        "    for region in regions:\n"
        '        colour = "rgb({}, {}, {})".format(*(colour_of(region) or (110, 110, 110)))\n'
        "        box = dict(x0=region.interval.start + 1, x1=region.interval.end, y0=0, y1=1)\n"
        "        figure.add_shape(**box, fillcolor=colour, line_width=0, row=row, col=1)\n"
        "    figure.add_scatter(x=[start + 1, end], y=[0, 1], mode='markers', marker_opacity=0, row=row, col=1)\n"
    )
    return (
        "names = [title for title, *_ in (*rows, *lanes)]\n"
        "figure = make_subplots(len(names), 1, shared_xaxes=True, subplot_titles=names)\n"
        "for row, (_, where, drawn, line) in enumerate(rows, 1):\n"
        '    figure.add_scatter(x=where, y=drawn, line_shape="hvh", fill="tozeroy", row=row, col=1)\n'
        "    if line is not None:\n"
        '        figure.add_scatter(x=where, y=line, line_shape="hvh", line_color="black", row=row, col=1)\n'
        + (lanes if coloured else "")
        + "figure.update_xaxes(range=[start + 1, end])\n"
        'figure.update_xaxes(title=f"Position on {chrom}", tickformat=",d", row=len(names))\n'
        f"figure.update_layout(title=parts[0].provenance.sentence{said}, showlegend=False, "
        "height=120 + 130 * len(names))\n"
        'figure.write_html("tracks.html")\n'
    )


def render_recipe(recipe: TracksRecipe) -> None:
    """The Python that makes what is seen, to copy."""
    with st.popover("Python", icon=":material/code:", help="The Python that makes what is seen"):
        st.caption("Save it as tracks.py in this app's folder and run .venv/bin/python tracks.py there.")
        if any(use.origin == "own" for use in recipe.files):
            st.caption("Put your own files beside it.")
        st.code(python_recipe(recipe), language="python")
