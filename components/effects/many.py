"""The table of a scored list: one row a variant, sorted and filtered, and what its numbers are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.effects.files import Scored
from core.errors import InvalidLocusError
from core.genome.interval import Interval

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 2_000
SORTS = {
    "change": "Largest change",
    "gain": "Largest gain",
    "loss": "Largest loss",
    "window": "Largest of the window",
    "gene": "Largest at the gene",
    "place": "Order of the file",
}
WORDS = (
    "Reference, alternative and effect are means over 501 bp around the variant (2,001 bp of histone marks), in {}; "
    "log2 fold is log2((1 + alternative) / (1 + reference)) of the sums there; window is the effect "
    "on the mean over all bins that are shown."
)
_PLACE = re.compile(r"\S+:[\d,]+(-[\d,]+)?")


@dataclass(frozen=True)
class Shown:
    """A part of the table.

    Attributes
    ----------
    table : columns as they are shown. numbers : of the variant in each row. found : rows before the cut.
    """

    table: pd.DataFrame
    numbers: np.ndarray
    found: int


def table_of(scored: Scored, column: int | None = None) -> pd.DataFrame:
    """One row a finished variant, of one track, or of that which changes most; in the order of the list.

    Parameters
    ----------
    column : place among the scored tracks.
    """
    import pandas as pd

    numbers, columns, values, genes = scored.kept.rows(column)
    place = {name: at for at, name in enumerate(scored.kept.plan.numbers)}
    variants = [scored.listed.records[number].variant for number in numbers]
    table = pd.DataFrame(
        {
            "Variant": [str(variant) for variant in variants],
            "Name": [scored.listed.records[number].name for number in numbers],
            "Track": [scored.tracks[at].label for at in columns],
            "Reference": values[:, place["local_ref"]],
            "Alternative": values[:, place["local_alt"]],
            "Effect": values[:, place["local_effect"]],
            "Unit": [scored.tracks[at].unit for at in columns],
            "log2 fold": values[:, place["local_log2_fold"]],
            "Window": values[:, place["effect"]],
        }
    )
    if not any(table["Name"]):
        del table["Name"]
    if np.isfinite(values[:, place["spread"]]).any():
        table["Window, spread"] = values[:, place["spread"]]
    if scored.kept.plan.with_genes:
        table["Gene"] = genes
        table["To its start"] = values[:, place["tss_distance"]]
        table["Gene effect"] = values[:, place["gene_effect"]]
    table["Kind"] = [variant.kind for variant in variants]
    table.index = numbers
    return table


def units_of(table: pd.DataFrame) -> str:
    """In which unit the values of all rows are, in words."""
    units = table["Unit"].unique()
    return str(units[0]) if len(units) == 1 else "the unit of each row"


def matches(table: pd.DataFrame, text: str) -> np.ndarray:
    """(rows,) bool: whether a row holds every word, or lies in a place such as "sim4:10,000-20,000"."""
    kept = np.ones(len(table), bool)
    for word in text.split():
        place = _interval(word)
        if place is not None:
            parts = table["Variant"].str.split(":")
            positions = parts.str[1].astype(int).to_numpy() - 1
            kept &= (parts.str[0] == place.chrom).to_numpy() & (positions >= place.start) & (positions < place.end)
            continue
        found = np.zeros(len(table), bool)
        for name in ("Variant", "Name", "Kind", "Track", "Gene"):
            if name in table:
                found |= table[name].str.contains(word, case=False, regex=False).to_numpy(bool)
        kept &= found
    return kept


def _interval(word: str) -> Interval | None:
    if not _PLACE.fullmatch(word):
        return None
    try:
        return Interval.parse(word)
    except InvalidLocusError:
        return None


def shown(table: pd.DataFrame, *, sort: str = "change", text: str = "", least: float = 0.0) -> Shown:
    """Rows that match, sorted, at most `MOST_ROWS` of them.

    Parameters
    ----------
    least : of the size of the log2 fold.
    """
    kept = matches(table, text) & (table["log2 fold"].abs().to_numpy() >= least)
    rows = table[kept]
    if sort != "place":
        by = {"window": "Window", "gene": "Gene effect"}.get(sort, "log2 fold")
        values = rows[by] if by in rows else rows["log2 fold"]
        order = {"gain": -values, "loss": values}.get(sort, -values.abs())
        rows = rows.iloc[np.argsort(order.fillna(0).to_numpy(), kind="stable")]
    cut = rows.iloc[:MOST_ROWS]
    return Shown(cut.reset_index(drop=True), cut.index.to_numpy(), len(rows))


def render_table(part: Shown, *, key: str, on_choose: Callable[[int], None], height: int = 420) -> None:
    """The table; `on_choose` is called with the number of the variant whose row is chosen, before the page runs."""

    def chosen() -> None:
        rows = st.session_state[key].selection.rows
        if rows and rows[0] < len(part.numbers):
            on_choose(int(part.numbers[rows[0]]))

    numbers = ("Reference", "Alternative", "Effect", "log2 fold", "Window", "Window, spread", "Gene effect")
    formats = {name: st.column_config.NumberColumn(format="%.4g") for name in numbers}
    formats["Variant"] = st.column_config.TextColumn(width=170)
    formats["To its start"] = st.column_config.NumberColumn(format="%d bp")
    same = ["Unit"] if part.table["Unit"].nunique() <= 1 else []
    st.dataframe(
        part.table.drop(columns=same), hide_index=True, height=height if len(part.table) > 10 else "auto",
        column_config=formats, key=key, on_select=chosen, selection_mode="single-row",
    )  # fmt: skip
