"""Files of predicted tracks: CSV and bedGraph with their origin, and the figure as PNG or SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.tracks.view import TRUTH, View

if TYPE_CHECKING:
    import pandas as pd

HERE = Path(__file__).parent
FIGURE_KEY = "tracks_figure"
_pictures = st.components.v2.component(
    "tracks_pictures",
    html=(HERE / "pictures.html").read_text(encoding="utf-8"),
    css=(HERE / "pictures.css").read_text(encoding="utf-8"),
    js=(HERE / "pictures.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def _bins(view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(numbers, starts, ends) of the bins that lie on the chromosome, clipped to it; 0-based, half-open."""
    starts = view.seen.start + view.found.bin_size_bp * np.arange(view.found.bins)
    ends = np.minimum(starts + view.found.bin_size_bp, view.contig_bp)
    starts = np.maximum(starts, 0)
    kept = np.flatnonzero(starts < ends)
    return kept, starts[kept], ends[kept]


def tracks_table(view: View) -> pd.DataFrame:
    """One row per (track, bin) of what is shown, exact in float32.

    Columns: model, revision, weights_kind, precision, assembly, head, chrom, start, end (0-based, half-open), track
    (index), identifier, description, unit, value, and spread where several runs were averaged; of a simulated genome
    also origin, and truth where it is shown. Values are never logs.
    """
    import pandas as pd

    kept, starts, ends = _bins(view)
    told = view.found.provenance
    tables = []
    for track in view.tracks:
        columns = {
            "model": told.model,
            "revision": told.revision,
            "weights_kind": told.weights,
            "precision": told.precision,
            "assembly": told.assembly or view.assembly,
            "head": view.found.head,
            "chrom": view.seen.chrom,
            "start": starts,
            "end": ends,
            "track": track.index,
            "identifier": track.identifier,
            "description": track.description,
            "unit": track.unit,
            "value": view.found.column(track)[kept],
        }
        if (spread := view.found.spread_of(track)) is not None:
            columns["spread"] = spread[kept]
        if (truth := view.truth_of(track)) is not None:
            columns["truth"] = truth[kept]
        if view.origin:
            columns["origin"] = view.origin
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def tracks_csv(view: View) -> bytes:
    """`tracks_table` as UTF-8 CSV with nine significant digits, which give float32 back exactly."""
    buffer = io.StringIO()
    tracks_table(view).to_csv(buffer, index=False, float_format="%.9g")
    return buffer.getvalue().encode()


def tracks_bedgraph(view: View) -> bytes:
    """The shown tracks one after the other, each under its own track line, as genome browsers read them.

    The truth, where it is shown, follows each.

    Source: bedGraph format of the UCSC Genome Browser: chrom, start, end, value; 0-based, half-open.
    """
    return "".join(f"{line}\n" for line in _bedgraph_lines(view)).encode()


def _bedgraph_lines(view: View) -> Iterator[str]:
    kept, starts, ends = _bins(view)
    yield f"# {_quoted(view.provenance_sentence)}"
    for track in view.tracks:
        both = [(track.label, view.provenance_sentence, view.found.column(track))]
        if (truth := view.truth_of(track)) is not None:
            both.append((f"{track.label}, {TRUTH}", view.origin, truth))
        for name, source, values in both:
            description = _quoted(f"{track.description}, {track.unit}, {source}")
            yield f'track type=bedGraph name="{_quoted(name)}" description="{description}" visibility=full autoScale=on'
            for start, end, value in zip(starts, ends, values[kept], strict=True):
                yield f"{view.seen.chrom}\t{start}\t{end}\t{value:.9g}"


def _quoted(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


def file_stem(view: View) -> str:
    """For example "tracks-enformer-chr11-35082743-35197430"."""
    words = f"tracks {view.found.provenance.model} {view.seen.chrom} {max(1, view.seen.start + 1)} {view.seen.end}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def render_files(view: View) -> None:
    """Buttons for the numbers that the figure shows."""
    many = f"{len(view.columns)} track{'s' if len(view.columns) > 1 else ''}"
    for label, make, ending, mime, icon, what in (
        ("CSV", tracks_csv, "csv", "text/csv", "table", "a table with units and provenance"),
        (
            "bedGraph",
            tracks_bedgraph,
            "bedgraph",
            "text/plain",
            "bar_chart",
            "for a browser such as IGV or UCSC",
        ),
    ):
        st.download_button(
            label,
            data=lambda make=make: make(view),
            file_name=f"{file_stem(view)}.{ending}",
            mime=mime,
            icon=f":material/{icon}:",
            help=f"Every number in this figure ({many}, {view.found.bins:,} bins): {what}.",
            on_click="ignore",
        )


def render_pictures(view: View) -> None:
    """Buttons that save the figure as it is seen, zoomed in or not, as PNG or SVG; the browser makes the file."""
    _pictures(key="tracks_pictures", width="content", data={"figure": f"st-key-{FIGURE_KEY}", "name": file_stem(view)})
