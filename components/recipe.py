"""The Python that makes a picture of the attention page, for a notebook or a script."""

from __future__ import annotations

from dataclasses import dataclass

from core.language.maps import PLAIN, MapOptions, Pick
from core.language.values import AttentionKind


@dataclass(frozen=True)
class Recipe:
    """What a picture is made from.

    Attributes
    ----------
    model : name for `core.language.load_model`.
    layers : one layer a picture; "mean" and "max" too.
    without : heads that are off.
    """

    model: str
    text: str
    layers: tuple[Pick, ...]
    head: Pick
    options: MapOptions = PLAIN
    target_text: str | None = None
    kind: AttentionKind | None = None
    without: tuple[tuple[int, int], ...] = ()
    scale: str = "one"


def _options(options: MapOptions) -> str:
    given = {name: value for name, value in vars(options).items() if value != getattr(PLAIN, name)}
    return f"MapOptions({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def python_recipe(recipe: Recipe) -> str:
    """A script that computes the picture with `core` and writes it with Plotly to attention-....html.

    A person's text is in it as a Python literal, so it cannot become code.
    """
    asked = {"target_text": recipe.target_text, "kind": recipe.kind, "without": list(recipe.without)}
    extra = "".join(f", {name}={value!r}" for name, value in asked.items() if value)
    log = recipe.scale == "log"
    top = "shown.scale_top or shown.weights.max()" if recipe.scale == "one" else "shown.weights.max()"
    if log:
        cells = [
            "floor = 1e-4 * shown.weights.max()",
            "cells = np.where(shown.allowed, np.log10(np.maximum(shown.weights, floor)), np.nan)",
            'heatmap = go.Heatmap(z=cells, colorbar_title="log10 of " + shown.unit)',
        ]
    else:
        cells = [
            "cells = np.where(shown.allowed, shown.weights, np.nan)  # masked cells stay empty",
            f"heatmap = go.Heatmap(z=cells, zmin=0, zmax={top}, colorbar_title=shown.unit)",
        ]
    lines = [
        "import numpy as np",
        "import plotly.graph_objects as go",
        "",
        "from core.language import attention, load_model",
        "from core.language.maps import MapOptions, attention_map",
        "",
        f"model = load_model({recipe.model!r})",
        f"result = attention(model, {recipe.text!r}{extra})",
        f"options = {_options(recipe.options)}",
        f"for layer in {list(recipe.layers)!r}:",
        f"    shown = attention_map(result, layer, {recipe.head!r}, options)",
        *("    " + line for line in cells),
        "    figure = go.Figure(heatmap).update_layout(title=result.provenance.sentence)",
        "    keys, queries = range(len(shown.key_labels)), range(len(shown.query_labels))",
        '    figure.update_xaxes(title="key", tickvals=list(keys), ticktext=shown.key_labels)',
        '    figure.update_yaxes(title="query", tickvals=list(queries), ticktext=shown.query_labels)',
        '    figure.update_yaxes(autorange="reversed", scaleanchor="x")',
        '    figure.write_html(f"attention-layer-{layer}.html")',
    ]
    return "\n".join(lines) + "\n"
