"""Known motifs on the page: named boxes for the browser, tables with links, what is true of the playground."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.browser.letter_rows import MotifMark, MotifRow
from components.messages import plain
from core.attribution.motif_library import MATRIX_PAGE, Motif, MotifLibrary, jaspar

if TYPE_CHECKING:
    import pandas as pd

    from core.teaching.playground.motif_truth import NamedInstances

ROW_MOTIFS, ROW_SCAN = "ctb-motifs", "ctb-scan"
FAINTEST = 0.3
MOST_MARKS = 400
MOST_ROWS = 500
OnPlace = Callable[[int, int], None] | None
HOW = (
    "A seqlet is a stretch whose letters together add or take away more than letters elsewhere in the same scores. It "
    "is compared with every matrix of the database (TOMTOM), each letter counting as far as it contributes. q is the "
    "share of false matches to expect (Benjamini-Hochberg over all matrices). Related factors have nearly the same "
    "matrix: trust the family more than the name. A match says what the letters look like, not that the factor is "
    "there."
)


def motif_marks(matches: pd.DataFrame, *, library: MotifLibrary | None = None) -> tuple[MotifMark, ...]:
    """A box for each seqlet's best motif, in base pairs of the chromosome (of the window where that is not known).

    Opacity tells the size of the contribution, from the largest down.

    Parameters
    ----------
    matches : of `core.attribution.match_motifs`.
    """
    best = matches[matches["rank"] == 1]
    if best.empty:
        return ()
    found = library or jaspar()
    sizes = best["contribution"].abs()
    best = best[sizes >= np.sort(sizes)[-MOST_MARKS:][0]]
    largest, marks = float(sizes.max()), []
    for row in best.itertuples():
        motif = found.find(row.matrix_id)
        by = 0 if row.chrom is None else int(row.position) - 1 - row.start
        share = abs(row.contribution) / largest if largest else 1.0
        marks.append(
            MotifMark(
                row.motif,
                int(row.motif_start) + by,
                int(row.motif_end) + by,
                row.strand,
                _matrix(motif, row.strand),
                strength=FAINTEST + (1 - FAINTEST) * float(np.sqrt(share)),
                about=f"{motif.title}, {motif.family or 'no family'}. {row.strand} strand, q = {row.q_value:.2g}. The "
                f"seqlet's letters {'add' if row.contribution >= 0 else 'take away'} {abs(row.contribution):.3g}.",
                pick=f"seqlet:{int(row.seqlet)}",
            )
        )
    return tuple(marks)


def motif_row(matches: pd.DataFrame, *, about: str = "") -> MotifRow:
    """The row of named boxes."""
    said = [about, f"{matches.attrs.get('library', '')}. The best match of each seqlet{_limit(matches)}."]
    return MotifRow(id=ROW_MOTIFS, title="Motifs", about=" ".join(filter(None, said)), motifs=motif_marks(matches))


def _limit(matches: pd.DataFrame) -> str:
    most = matches.attrs.get("most_q")
    return "" if most is None else f" (q up to {most:g})"


def scan_row(sites: pd.DataFrame, motif: Motif, start_bp: int) -> MotifRow:
    """Sites of one motif, found in the letters alone.

    Parameters
    ----------
    sites : of `core.attribution.motif_scan.scan`. start_bp : of the sequence's first letter on the chromosome.
    """
    shown = sites.head(MOST_MARKS)
    marks = tuple(
        MotifMark(
            row.motif,
            start_bp + int(row.start),
            start_bp + int(row.end),
            row.strand,
            _matrix(motif, row.strand),
            strength=float(np.clip(-np.log10(max(row.p_value, 1e-300)) / 8, FAINTEST, 1.0)),
            about=f"{motif.title} on the {row.strand} strand: {row.score:.1f} bits, p = {row.p_value:.2g}, "
            f"q = {row.q_value:.2g}. Found in the letters alone; the model has no part in it.",
        )
        for row in shown.itertuples()
    )
    return MotifRow(id=ROW_SCAN, title=f"Sites of {motif.name}", about="A scan of the letters alone.", motifs=marks)


def _matrix(motif: Motif, strand: str) -> np.ndarray:
    return (motif.bits[::-1, ::-1] if strand == "-" else motif.bits).copy()


def shown_matches(matches: pd.DataFrame, *, every: bool) -> pd.DataFrame:
    """Rows as a person reads them, the largest contribution first, then by rank.

    Parameters
    ----------
    every : each seqlet's further matches too.
    """
    kept = matches if every else matches[matches["rank"] == 1]
    order = np.lexsort([kept["rank"], kept["start"], -kept["contribution"].abs()])
    return kept.iloc[order].head(MOST_ROWS).reset_index(drop=True)


def matches_tsv(matches: pd.DataFrame, provenance: str) -> bytes:
    """All matches, tab separated, with comment lines that say where they come from."""
    comments = f"# {matches.attrs.get('library', '')}\n# {' '.join(provenance.split())}\n"
    return (comments + matches.to_csv(sep="\t", index=False, lineterminator="\n")).encode()


def _columns(unit: str) -> dict:
    number = st.column_config.NumberColumn
    return {
        "position": number("Position", format="localized", help="Of the first letter, on the forward strand."),
        "strand": st.column_config.TextColumn("Strand", help="On which the matrix fits."),
        "letters": "Letters",
        "contribution": number("Contribution", format="%.3g", help=f"Sum over the letters. Unit: {unit}."),
        "score": number("Score", format="%.1f", help="Bits against equal shares of the letters."),
        "motif": "Motif",
        "family": "Family",
        "p_value": number("p", format="%.1e"),
        "q_value": number("q", format="%.1e", help="Share of false finds to expect (Benjamini-Hochberg)."),
        "rank": number("Rank", help="1 is the best match of the seqlet."),
        "url": st.column_config.LinkColumn(
            "Matrix", display_text=f"^{re.escape(MATRIX_PAGE)}(.*)$", help="Opens the matrix at jaspar.elixir.no."
        ),
    }


def render_matches(
    matches: pd.DataFrame, *, key: str, unit: str, provenance: str, file_name: str, on_place: OnPlace = None
) -> None:
    """The table of named seqlets, and its file.

    Parameters
    ----------
    key : unique on the page, a beginning of session keys.
    on_place : called with (start, end), 0-based on the chromosome, when a row is chosen; in a callback.
    """
    best = matches[matches["rank"] == 1]
    called = int(matches.attrs.get("seqlets", len(best)))
    looks = f"{len(best)} of {called} seqlets look" if called != 1 else f"{len(best)} of 1 seqlet looks"
    st.markdown(plain(f"{looks} like a known motif{_limit(matches)}. {matches.attrs.get('library', '')}."), help=HOW)
    if best.empty:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        every = st.toggle("Up to three matches of each", key=f"{key}_every")
        st.download_button(
            "Table (TSV)", lambda: matches_tsv(matches, provenance), file_name=f"{file_name}.motifs.tsv",
            mime="text/tab-separated-values", icon=":material/download:", key=f"{key}_tsv",
        )  # fmt: skip
    shown = shown_matches(matches, every=every)
    columns = ["position", "strand", "letters", "contribution", "motif", "url", "q_value", "family", "p_value"]
    if every:
        columns.insert(4, "rank")
    _table(shown, columns, unit, f"{key}_matches", on_place)
    if len(shown) == MOST_ROWS:
        st.caption(f"The {MOST_ROWS} largest contributions are listed; the file has all.")


def _table(shown: pd.DataFrame, columns: list[str], unit: str, key: str, on_place: OnPlace) -> None:
    def chosen() -> None:
        rows = st.session_state[key].selection.rows
        if rows and on_place is not None and rows[0] < len(shown) and shown["chrom"].iloc[rows[0]] is not None:
            row = shown.iloc[rows[0]]
            start = int(row["position"]) - 1
            on_place(start, start + int(row["end"]) - int(row["start"]))

    picking = {} if on_place is None else {"on_select": chosen, "selection_mode": "single-row"}
    st.dataframe(shown, column_order=columns, column_config=_columns(unit), hide_index=True, key=key, **picking)


def choose_motif(*, key: str, first: str = "") -> Motif | None:
    """A motif of the library to scan for, or None.

    Parameters
    ----------
    first : number of the matrix that is chosen at first, or "".
    """
    library = jaspar()
    titles = {motif.matrix_id: motif.title for motif in library.motifs}
    if key not in st.session_state and first in titles:
        st.session_state[key] = first
    picked = st.selectbox(
        "Find the sites of one motif in these letters", sorted(titles, key=lambda one: titles[one].upper()), index=None,
        key=key, format_func=titles.__getitem__, placeholder="A name or number, such as CTCF or MA0139.2",
        help=f"{library.title}. The letters alone are searched, on both strands; the model has no part in it.",
    )  # fmt: skip
    return None if picked is None else library.find(picked)


def render_sites(sites: pd.DataFrame, motif: Motif, *, key: str, most_p: float, on_place: OnPlace = None) -> None:
    """The sites of one motif."""
    found = "1 site" if len(sites) == 1 else f"{len(sites):,} sites"
    st.markdown(
        plain(f"{motif.title}, {motif.family or 'no family'}: {found} with p up to {most_p:g}."),
        help="p: how often random letters fit a matrix at least so well at one place (exact, every letter equally "
        "likely). q: Benjamini-Hochberg over every place on both strands.",
    )
    if not sites.empty:
        columns = ["position", "strand", "letters", "score", "p_value", "q_value"]
        _table(sites.head(MOST_ROWS), columns, "bits", f"{key}_sites", on_place)


def truth_table(truth: NamedInstances) -> pd.DataFrame:
    """The strong instances, the strongest first."""
    import pandas as pd

    order = [place for place in np.argsort(-np.abs(truth.shares), kind="stable") if truth.strong[place]]
    rows = []
    for place in order:
        one = truth.instances[place]
        said = (
            "named rightly" if truth.found[place] else "another name, or none" if truth.touched[place] else "no seqlet"
        )
        rows.append(
            {
                "position": one.interval.start + 1,
                "strand": one.interval.strand,
                "motif": one.motif,
                "family": ", ".join(one.families),
                "share": float(truth.shares[place]),
                "found": said,
                "chrom": one.interval.chrom,
                "start": one.interval.start,
                "end": one.interval.end,
            }
        )
    return pd.DataFrame(
        rows, columns=["position", "strand", "motif", "family", "share", "found", "chrom", "start", "end"]
    )


def render_truth(truth: NamedInstances, *, key: str, rule: str, on_place: OnPlace = None) -> None:
    """What is planted and matters for this target, and how much of it was named.

    Parameters
    ----------
    rule : what counts, in words.
    """
    st.markdown(plain(f"Against the truth: {truth.sentence}"), help=rule)
    table = truth_table(truth)
    if table.empty:
        return
    config = {
        "share": st.column_config.NumberColumn(
            "Gives", format="percent", help="By the grammar: what the target loses without this site; below 0 it gains."
        ),
        "found": st.column_config.TextColumn(
            "Found", help="Named rightly: the best motif of a seqlet here is of this family."
        ),
    }

    def chosen() -> None:
        rows = st.session_state[f"{key}_truth"].selection.rows
        if rows and on_place is not None and rows[0] < len(table):
            on_place(int(table["start"].iloc[rows[0]]), int(table["end"].iloc[rows[0]]))

    picking = {} if on_place is None else {"on_select": chosen, "selection_mode": "single-row"}
    st.dataframe(
        table, column_order=["position", "strand", "motif", "family", "share", "found"], hide_index=True,
        column_config=_columns("") | config, key=f"{key}_truth", **picking,
    )  # fmt: skip
