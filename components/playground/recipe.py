"""The Python that makes a picture of the playground page, and its numbers as a table."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.playground.scene import Scene
from core.teaching.playground.grammar import BIN_SIZE_BP, TRACKS, Grammar
from core.teaching.playground.locus import Locus
from core.teaching.playground.moves import Moves

if TYPE_CHECKING:
    import pandas as pd


def _given(value: Moves | Grammar) -> str:
    """The constructor with what differs from its defaults."""
    plain = type(value)()
    changed = {name: own for name, own in vars(value).items() if own != getattr(plain, name)}
    return f"{type(value).__name__}({', '.join(f'{name}={own!r}' for name, own in changed.items())})"


def python_recipe(locus: Locus, moves: Moves, rules: Grammar, *, guess: bool) -> str:
    """A script that simulates the change, asks the model with `guess`, and writes playground.html with Plotly."""
    element = f", {locus.element.name!r}" if locus.element else ""
    asked = (
        "model = load_model('playground')\n"
        "engine = EnformerEngine(model)\n"
        "window = locus.seen.resize(model.input_bp)\n"
        "letters = changed_letters(window, changed.edits)\n"
        "guess = engine.predict(letters, interval=window)\n"
        "print('the model says', start_signal(guess.values, guess.interval, locus.gene.tss, cell))\n"
    )
    return (
        "import numpy as np\n"
        "from plotly.subplots import make_subplots\n\n"
        + ("from core.enformer import EnformerEngine, load_model\n" if guess else "")
        + "from core.teaching.playground.grammar import BIN_SIZE_BP, TRACKS, Grammar\n"
        "from core.teaching.playground.locus import locus_of, origin_sentence\n"
        f"from core.teaching.playground.moves import Moves, change{', changed_letters' if guess else ''}\n"
        "from core.teaching.playground.told import change_sentence, start_signal, tell\n\n"
        f"locus = locus_of({locus.gene.symbol!r}{element})\n"
        f"changed = change(locus, {_given(moves)})\n"
        f"before, after = tell(locus), tell(locus, {_given(rules)}, changed.edits)\n"
        "cell = locus.cell_type\n"
        "numbers = [start_signal(told.tracks, told.interval, locus.gene.tss, cell) for told in (before, after)]\n"
        "print(f'{locus.gene.symbol} in {cell}: {change_sentence(*numbers)}')\n"
        + (asked if guess else "")
        + "\nplaces = locus.seen.start + BIN_SIZE_BP * (np.arange(len(after.tracks)) + 0.5) + 0.5  # 1-based\n"
        "figure = make_subplots(len(TRACKS), 1, shared_xaxes=True, subplot_titles=TRACKS)\n"
        "for row in range(len(TRACKS)):\n"
        "    for name, told in (('before', before), ('after', after)):\n"
        "        figure.add_scatter(x=places, y=told.tracks[:, row], name=name, line_shape='hvh', row=row + 1, col=1)\n"
        "figure.update_layout(title=origin_sentence(), height=1500, showlegend=False)\n"
        "figure.write_html('playground.html')\n"
    )


def scene_table(scene: Scene, guess: tuple[np.ndarray, np.ndarray] | None = None) -> pd.DataFrame:
    """One row a bin: where, the twelve tracks before and after, and the model's where it was asked.

    Columns: chrom, start, end (0-based, half-open), "TRACK before", "TRACK after", "TRACK model before", "TRACK model
    after", origin.
    """
    import pandas as pd

    seen = scene.locus.seen
    starts = seen.start + BIN_SIZE_BP * np.arange(len(scene.after))
    columns: dict[str, object] = {"chrom": seen.chrom, "start": starts, "end": starts + BIN_SIZE_BP}
    sources = [("before", scene.before), ("after", scene.after)]
    if guess is not None:
        sources += [("model before", guess[0]), ("model after", guess[1])]
    for number, track in enumerate(TRACKS):
        columns |= {f"{track} {name}": values[:, number] for name, values in sources}
    return pd.DataFrame(columns | {"origin": scene.provenance})


def render_csv(scene: Scene, guess: tuple[np.ndarray, np.ndarray] | None) -> None:
    """A button that makes the table when it is pressed."""

    def make() -> bytes:
        buffer = io.StringIO()
        scene_table(scene, guess).to_csv(buffer, index=False, float_format="%.9g")
        return buffer.getvalue().encode()

    st.download_button(
        "CSV", data=make, file_name=f"{scene.file_name}.csv", mime="text/csv", icon=":material/table:",
        help="Every number of this picture: twelve tracks before and after the change, and the model's.",
        on_click="ignore", key="playground_csv",
    )  # fmt: skip


def render_recipe(locus: Locus, moves: Moves, rules: Grammar, *, guess: bool) -> None:
    """The Python that makes this picture, to copy."""
    with st.popover("Python", icon=":material/code:", help="The Python that makes this picture"):
        st.caption("Save it as playground.py in this app's folder and run .venv/bin/python playground.py there.")
        st.code(python_recipe(locus, moves, rules, guess=guess), language="python")
