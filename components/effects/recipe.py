"""The Python that makes one variant's picture and tables, for a notebook or a script."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class EffectRecipe:
    """What is predicted and drawn.

    Attributes
    ----------
    model : a name that `core.enformer.load_model` knows. genome : a name or a path that `open_genome` knows.
    variant : as `parse_variant` reads it. tracks : those that are drawn.
    reverse_complement, shifts : of the averaging. truth : whether the simulator's true effect is drawn too.
    origin : of a simulated genome, "" of any other.
    """

    model: str
    genome: str
    variant: str
    head: str
    tracks: tuple[int, ...]
    reverse_complement: bool = False
    shifts: tuple[int, ...] = ()
    truth: bool = False
    origin: str = ""


def python_recipe(recipe: EffectRecipe) -> str:
    """A script that scores the variant with `core`, writes effects.csv and draws effect.html with Plotly.

    Whatever a person typed is in it as a Python literal, so it cannot become code.
    """
    averaged = recipe.reverse_complement or bool(recipe.shifts)
    head = f", head={recipe.head!r}" if recipe.head != "human" else ""
    lines = [
        "import numpy as np",
        "from plotly.subplots import make_subplots\n",
        "from core.effects import effect_frame, effect_of, gene_scores, parse_variant",
        "from core.enformer import EnformerEngine, load_model",
    ]
    if averaged:
        lines.append("from core.enformer.averaging import Averaging")
    lines.append("from core.genome import annotation_for, open_genome")
    if recipe.truth:
        lines.append("from core.teaching import simulate_effect")
    more = ""
    lines += [
        "",
        f"genome = open_genome({recipe.genome!r})",
        f"engine = EnformerEngine(load_model({recipe.model!r}), precision=\"float32\")  # effects are small",
        f"variant = parse_variant({recipe.variant!r}, genome)  # checked against the genome, left-normalised",
    ]  # fmt: skip
    if averaged:
        lines.append(f"averaging = Averaging(reverse_complement={recipe.reverse_complement}, shifts={recipe.shifts!r})")
        more = ", averaging=averaging"
    lines += [
        f"effect = effect_of(engine, genome, variant{head}{more})  # ref, alt and effect: (bins, tracks), one frame",
        "print(effect.label, *filter(None, [effect.rule]), *effect.notes)",
        'effect_frame(effect).to_csv("effects.csv", index=False)  # every track with every score',
        f"genes = annotation_for({recipe.genome!r}, reference=genome)",
        "for one in gene_scores(effect, genes.genes_in(effect.interval)) if genes else ():",
        "    top = int(np.abs(one.score.effect).argmax())",
        "    numbers = one.score.ref[top], one.score.alt[top], one.score.effect[top]",
        '    told = "{:.4g} -> {:.4g}, effect {:+.4g}".format(*numbers)',
        '    print(f"{one.gene.symbol}, {one.distance_bp:,} bp away: {effect.tracks[top].label} {told}")',
        "",
        f"wanted = {list(recipe.tracks)!r}",
        "starts = effect.interval.start + effect.bin_size_bp * np.arange(effect.bins)",
        "places = starts + effect.bin_size_bp / 2 + 0.5  # counted from 1, as people write positions",
    ]
    if recipe.truth:
        lines.append("true = simulate_effect(effect.changes, effect.interval)  # what the simulator's rules give")
    lines += [
        "names = [name for index in wanted for name in (effect.tracks[effect.place(index)].label, \"effect\")]",
        "figure = make_subplots(len(names), 1, shared_xaxes=True, subplot_titles=names)",
        "for row, index in enumerate(wanted):",
        "    column = effect.place(index)",
        '    style = dict(line_shape="hvh", row=2 * row + 1, col=1)',
        '    figure.add_scatter(x=places, y=effect.ref[:, column], fill="tozeroy", name="reference", **style)',
        '    figure.add_scatter(x=places, y=effect.alt[:, column], line_color="black", name="alternative", **style)',
        '    style["row"] += 1',
        '    figure.add_scatter(x=places, y=effect.effect[:, column], fill="tozeroy", name="difference", **style)',
    ]  # fmt: skip
    if recipe.truth:
        lines.append('    figure.add_scatter(x=places, y=true[:, column], line_color="black", name="truth", **style)')
    said = f' + " · " + {recipe.origin!r}' if recipe.origin else ""
    lines += [
        'figure.add_vline(x=variant.position, line_dash="dot")',
        'figure.update_xaxes(title=f"Position on {variant.chrom}", tickformat=",d", row=len(names))',
        f"title = effect.label + \" · \" + effect.provenance.sentence{said}",
        "figure.update_layout(title=title, showlegend=False, height=120 + 120 * len(names))",
        'figure.write_html("effect.html")',
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def render_recipe(recipe: EffectRecipe) -> None:
    """The Python that makes what is seen, to copy."""
    with st.popover("Python", icon=":material/code:", help="The Python that makes this"):
        st.caption("Save it as variant.py in this app's folder and run .venv/bin/python variant.py there.")
        st.code(python_recipe(recipe), language="python")
