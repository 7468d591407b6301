"""The Python that makes what the contributions page shows, for a notebook or a script."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

MOST_LETTERS = 400  # logomaker needs a second for a hundred
_CALLS = {
    "gradient_x_input": "gradient_x_input(engine, sequence, target, {options})",
    "integrated_gradients": "integrated_gradients(engine, sequence, target, {options})",
    "expected_gradients": "expected_gradients(engine, sequence, target, {options})",
    "saturation_mutagenesis": "saturation_mutagenesis(engine, sequence, target, {start}, {end}, {options})",
}


@dataclass(frozen=True)
class ContributionRecipe:
    """What is computed and drawn.

    Attributes
    ----------
    model : a name that `core.enformer.load_model` knows. genome : a name or path that `open_genome` knows.
    window : (chromosome, start, end) that is read, 0-based and half-open. seen : (start, end) that is drawn.
    targets : (tracks, against, bins, name) of each question; the first has the mutagenesis.
    methods : of gradients. mutated : (start, end) that is mutated, or None.
    """

    model: str
    genome: str
    window: tuple[str, int, int]
    head: str
    targets: tuple[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], str], ...]
    methods: tuple[str, ...]
    seen: tuple[int, int]
    mutated: tuple[int, int] | None = None
    reverse_complement: bool = False
    shifts: tuple[int, ...] = ()

    @property
    def averaged(self) -> bool:
        """Whether several runs are averaged."""
        return self.reverse_complement or bool(self.shifts)


def python_recipe(recipe: ContributionRecipe) -> str:
    """A script that computes the contributions with `core` and writes contributions.csv and contributions.png.

    Whatever a person typed is in it as a Python literal, so it cannot become code.
    """
    methods = [*recipe.methods, *(["saturation_mutagenesis"] if recipe.mutated else [])]
    chrom, start, end = recipe.window
    averaging = "from core.enformer.averaging import Averaging, window_with_flanks\n" if recipe.averaged else ""
    fetch = "sequence = genome.fetch(window)  # upper case; N outside the chromosome\n"
    options = "interval=window"
    if recipe.averaged:
        fetch = (
            f"averaging = Averaging(reverse_complement={recipe.reverse_complement}, shifts={recipe.shifts!r})\n"
            "sequence, flanks = window_with_flanks(genome, window, averaging)\n"
        )
        options += ", averaging=averaging, flanks=flanks"
    lines = []
    for number, (tracks, against, bins, name) in enumerate(recipe.targets):
        more = f", against={against!r}" if against else ""
        lines.append(
            f"target = Target(tracks={tracks!r}, bins={bins!r}, head={recipe.head!r}{more},"
            f"\n                name={name!r})"
        )
        own = methods if number == 0 else list(recipe.methods)
        for method in own:
            call = _CALLS[method]
            if method == "saturation_mutagenesis":
                assert recipe.mutated is not None
                call = call.replace("{start}", str(recipe.mutated[0] - start)).replace(
                    "{end}", str(recipe.mutated[1] - start)
                )  # fmt: skip
            lines.append(f"found.append({call.replace('{options}', options)})")
    return (
        "import logomaker\n"
        "import matplotlib.pyplot as plt\n"
        "import numpy as np\n"
        "import pandas as pd\n\n"
        f"from core.attribution import Target, {', '.join(sorted(methods))}\n"
        "from core.enformer import EnformerEngine, load_model\n"
        f"{averaging}"
        "from core.genome import Interval, open_genome\n"
        "from core.genome.sequence import one_hot\n\n"
        f"genome = open_genome({recipe.genome!r})\n"
        f"window = Interval({chrom!r}, {start}, {end})  # 0-based, half-open: what the model reads\n"
        f"{fetch}"
        f"engine = EnformerEngine(load_model({recipe.model!r}), precision='float32')  # exact: single letters matter\n"
        "found = []\n" + "\n".join(lines) + "\n\n"
        f"low, high = {recipe.seen[0]}, {recipe.seen[1]}  # what is seen\n"
        "tables, drawn = [], []\n"
        "for scores in found:\n"
        '    print(f"{scores.method}: {scores.target.name} = {scores.target_value:.6g}")\n'
        "    first = max(0, low - scores.interval.start)\n"
        "    part = slice(first, max(first, high - scores.interval.start))\n"
        "    letters, values = scores.letters[part], scores.per_base[part]\n"
        "    places = scores.interval.start + 1 + np.arange(len(scores))[part]  # counted from 1\n"
        "    tables.append(pd.DataFrame({\n"
        "        'target': scores.target.name, 'method': scores.method, 'chrom': window.chrom, 'position': places,\n"
        "        'letter': list(letters), 'contribution': values,\n"
        "    }))\n"
        "    drawn.append((scores, places, letters, values))\n"
        'pd.concat(tables).to_csv("contributions.csv", index=False)\n\n'
        "rows, axes = plt.subplots(len(drawn), 1, figsize=(14, 2.2 * len(drawn)), sharex=True, squeeze=False)\n"
        "for axis, (scores, places, letters, values) in zip(axes[:, 0], drawn):\n"
        "    axis.set_title(f'{scores.method}: {scores.target.name}', fontsize=9)\n"
        f"    if 0 < len(places) <= {MOST_LETTERS}:\n"
        "        heights = pd.DataFrame(one_hot(letters) * values[:, None], index=places, columns=list('ACGT'))\n"
        "        logomaker.Logo(heights, ax=axis)\n"
        "    else:  # too many for letters\n"
        "        axis.fill_between(places, values, step='mid')\n"
        "    axis.set_xlim(low + 0.5, high + 0.5)\n"
        "axes[-1, 0].set_xlabel(f'Position on {window.chrom}')\n"
        'rows.savefig("contributions.png", dpi=150, bbox_inches="tight")\n'
    )


def render_recipe(recipe: ContributionRecipe) -> None:
    """The Python that makes what is seen, to copy."""
    with st.popover("Python", icon=":material/code:", help="The Python that makes what is seen"):
        st.caption("Save it as contributions.py in this app's folder and run .venv/bin/python contributions.py there.")
        st.code(python_recipe(recipe), language="python")
