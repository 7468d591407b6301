"""Two maps side against side: the signed difference, the largest changes in words, and both maps."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import streamlit as st

from components.attention import head_words
from components.heatmap import HeatmapLabels, HeatmapPanel, heatmap_payload, render_heatmap
from components.messages import plain
from core.language.compare import MapDifference
from core.language.maps import PLAIN, MapOptions

NO_PARTNER = "no partner, or masked"


def _title(found: MapDifference, options: MapOptions) -> str:
    first, second = (head_words(*head, options) for head in (found.first_head, found.second_head))
    models = found.first_provenance.model, found.second_provenance.model
    if models[0] == models[1]:
        return f"{models[0]}: change of {first}"
    return f"{models[1]} ({second}) minus {models[0]} ({first})"


def _provenance(found: MapDifference) -> str:
    sentences = found.first_provenance.sentence, found.second_provenance.sentence
    return " − ".join(dict.fromkeys(reversed(sentences)))


def _file_name(found: MapDifference) -> str:
    layer, head = found.second_head
    return f"difference-layer{layer}-head{head}"


def difference_payload(
    found: MapDifference, *, names: tuple[str, str], subtitle: str = "", options: MapOptions = PLAIN
) -> dict[str, Any]:
    """The signed map of second minus first, for the heatmap.

    Parameters
    ----------
    names : what first and second are, such as ("tired", "wide"), for the ends of the colours.
    """
    same = found.query_labels == found.key_labels
    return heatmap_payload(
        [HeatmapPanel("", found.difference, found.allowed, before=found.first)],
        HeatmapLabels(found.query_labels, found.query_labels if same else found.key_labels),
        title=_title(found, options),
        subtitle=subtitle,
        provenance=_provenance(found),
        unit=f"change of {found.unit}",
        scale="signed",
        scale_max="largest",
        scale_names=(f"more in {names[0]}", f"more in {names[1]}"),
        mask_label=NO_PARTNER,
        file_name=_file_name(found),
    )


def both_payload(
    found: MapDifference, *, names: tuple[str, str], subtitle: str = "", options: MapOptions = PLAIN
) -> dict[str, Any]:
    """The two maps themselves, beside each other on the same units and one scale."""
    same = found.query_labels == found.key_labels
    return heatmap_payload(
        [
            HeatmapPanel(name, side, found.allowed)
            for name, side in zip(names, (found.first, found.second), strict=True)
        ],
        HeatmapLabels(found.query_labels, found.query_labels if same else found.key_labels),
        title=_title(found, options).replace("change of ", "").replace(" minus ", " and "),
        subtitle=subtitle,
        provenance=_provenance(found),
        unit=found.unit,
        scale_max="largest",
        mask_label=NO_PARTNER,
        file_name=f"both-{_file_name(found)}",
    )


def changes_sentence(found: MapDifference, count: int = 3) -> str:
    """The largest changes in words, or that there is none."""
    changes = found.largest(count)
    if not changes:
        return "Nothing changes by a hundredth or more."
    return "Largest changes: " + "; ".join(change.sentence for change in changes) + "."


def moves_sentence(found: MapDifference, count: int = 3) -> str:
    """Rows whose largest weight is elsewhere in the second map, or that there is none."""
    moves = found.moved(count)
    if not moves:
        return "Every row's largest weight stays where it was."
    return "Rows whose largest weight moves: " + "; ".join(move.sentence for move in moves) + "."


def difference_csv(found: MapDifference) -> bytes:
    """One row a cell: labels, first, second, difference, compared; nine digits give float32 back."""
    import pandas as pd

    queries, keys = (places.ravel() for places in np.indices(found.difference.shape))
    table = pd.DataFrame(
        {
            "first_model": found.first_provenance.model,
            "first_head": "{}.{}".format(*found.first_head),
            "second_model": found.second_provenance.model,
            "second_head": "{}.{}".format(*found.second_head),
            "measure": found.unit,
            "query": np.array(found.query_labels, dtype=object)[queries],
            "key": np.array(found.key_labels, dtype=object)[keys],
            "first": found.first.ravel(),
            "second": found.second.ravel(),
            "difference": found.difference.ravel(),
            "compared": found.allowed.ravel(),
        }
    )
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, float_format="%.9g")
    return buffer.getvalue().encode()


def render_difference(
    found: MapDifference, *, names: tuple[str, str], subtitle: str = "", options: MapOptions = PLAIN
) -> None:
    """The signed map, and above it in words what changed most and which rows look elsewhere."""
    st.markdown(f"**{plain(changes_sentence(found))}**  \n{plain(moves_sentence(found))}")
    render_heatmap(difference_payload(found, names=names, subtitle=subtitle, options=options), key="difference")


def render_difference_csv(found: MapDifference) -> None:
    """A button that makes the file when it is pressed."""
    st.download_button(
        "CSV",
        data=lambda: difference_csv(found),
        file_name=f"{_file_name(found)}.csv",
        mime="text/csv",
        icon=":material/table:",
        help="Both maps and their difference, cell by cell.",
        on_click="ignore",
    )
