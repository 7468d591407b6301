"""The Python that makes a picture of the attention page, for a notebook or a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.language.maps import PLAIN, MapOptions, Pick
from core.language.values import AttentionKind

Heads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Run:
    """One run of a model: everything that `core.language.attention` is asked."""

    model: str
    text: str
    target_text: str | None = None
    kind: AttentionKind | None = None
    without: Heads = ()


@dataclass(frozen=True)
class Recipe:
    """What a picture is made from.

    Attributes
    ----------
    picture : "heads" (one map a layer), "grid" (every head) or "difference" (second minus first).
    layers, head : of the maps; of a difference the first side's.
    second, second_head : the other side of a difference.
    scale : "one", "largest" or "log".
    """

    picture: Literal["heads", "grid", "difference"]
    run: Run
    layers: tuple[Pick, ...]
    head: Pick
    options: MapOptions = PLAIN
    scale: str = "one"
    second: Run | None = None
    second_head: tuple[Pick, Pick] | None = None


def _options(options: MapOptions) -> str:
    given = {name: value for name, value in vars(options).items() if value != getattr(PLAIN, name)}
    return f"MapOptions({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def _attention(run: Run, name: str) -> str:
    asked = {"target_text": run.target_text, "kind": run.kind, "without": list(run.without)}
    extra = "".join(f", {key}={value!r}" for key, value in asked.items() if value)
    return f"{name} = attention(load_model({run.model!r}), {run.text!r}{extra})"


def _heatmap(recipe: Recipe, top: str) -> list[str]:
    """Lines that make `cells` and `heatmap` of a map called `shown`."""
    if recipe.scale == "log":
        return [
            f"floor = 1e-4 * {top}",
            "cells = np.where(shown.allowed, np.log10(np.maximum(shown.weights, floor)), np.nan)",
            'heatmap = go.Heatmap(z=cells, colorbar_title="log10 of " + shown.unit)',
        ]
    end = f"shown.scale_top or {top}" if recipe.scale == "one" else top
    return [
        "cells = np.where(shown.allowed, shown.weights, np.nan)  # masked cells stay empty",
        f"heatmap = go.Heatmap(z=cells, zmin=0, zmax={end}, colorbar_title=shown.unit)",
    ]


def _axes(of: str) -> list[str]:
    return [
        f"keys, queries = range(len({of}.key_labels)), range(len({of}.query_labels))",
        f'figure.update_xaxes(title="key", tickvals=list(keys), ticktext={of}.key_labels)',
        f'figure.update_yaxes(title="query", tickvals=list(queries), ticktext={of}.query_labels)',
        'figure.update_yaxes(autorange="reversed", scaleanchor="x")',
    ]


def _heads(recipe: Recipe) -> list[str]:
    layers = list(recipe.layers)
    body = [
        *_heatmap(recipe, "top"),
        "figure = go.Figure(heatmap).update_layout(title=result.provenance.sentence)",
        *_axes("shown"),
        'figure.write_html(f"attention-layer-{layer}.html")',
    ]
    return [
        _attention(recipe.run, "result"),
        f"options = {_options(recipe.options)}",
        f"maps = [attention_map(result, layer, {recipe.head!r}, options) for layer in {layers!r}]",
        "top = max(shown.largest for shown in maps)  # where a row has a choice",
        f"for layer, shown in zip({layers!r}, maps):",
        *("    " + line for line in body),
    ]


def _grid(recipe: Recipe) -> list[str]:
    return [
        _attention(recipe.run, "result"),
        f"options = {_options(recipe.options)}",
        "layers = list(all_layer_maps(result, options))  # each (heads, query, key)",
        "figure = make_subplots(len(layers), len(layers[0]))",
        "for layer, maps in enumerate(layers):",
        "    for head, weights in enumerate(maps):",
        "        cells = np.where(frame(result, options).allowed, weights, np.nan)",
        "        figure.add_heatmap(z=cells, showscale=False, row=layer + 1, col=head + 1)",
        "figure.update_xaxes(visible=False)",
        'figure.update_yaxes(visible=False, autorange="reversed")',
        "figure.update_layout(title=result.provenance.sentence)",
        'figure.write_html("attention-all-heads.html")',
    ]


def _difference(recipe: Recipe) -> list[str]:
    return [
        _attention(recipe.run, "first"),
        _attention(recipe.second, "second"),
        f"options = {_options(recipe.options)}",
        f"heads = {(recipe.layers[0], recipe.head)!r}, {recipe.second_head!r}",
        "found = compare_maps(first, second, *heads, options)",
        "for change in found.largest(3):",
        "    print(change.sentence)",
        "top = np.abs(found.difference).max()",
        "cells = np.where(found.allowed, found.difference, np.nan)",
        'heatmap = go.Heatmap(z=cells, zmin=-top, zmax=top, colorscale="RdBu", colorbar_title=found.unit)',
        "figure = go.Figure(heatmap).update_layout(title=second.provenance.sentence)",
        *_axes("found"),
        'figure.write_html("attention-difference.html")',
    ]


_IMPORTS = {
    "heads": ("", "from core.language.maps import MapOptions, attention_map"),
    "grid": (
        "from plotly.subplots import make_subplots\n",
        "from core.language.maps import MapOptions, all_layer_maps, frame",
    ),
    "difference": ("", "from core.language.compare import compare_maps\nfrom core.language.maps import MapOptions"),
}


def python_recipe(recipe: Recipe) -> str:
    """A script that computes the picture with `core` and writes it with Plotly to attention-....html.

    A person's text is in it as a Python literal, so it cannot become code.
    """
    make = {"heads": _heads, "grid": _grid, "difference": _difference}[recipe.picture]
    plotly, ours = _IMPORTS[recipe.picture]
    head = (
        f"import numpy as np\nimport plotly.graph_objects as go\n{plotly}\n"
        f"from core.language import attention, load_model\n{ours}\n"
    )
    return "\n".join([head, *make(recipe)]) + "\n"
