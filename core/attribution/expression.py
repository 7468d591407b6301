"""The expression of a gene in a cell type as a target: the mean of its CAGE tracks over the bins of the start."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.attribution.target import Target, check_bins, first_bin
from core.enformer.attending import NEIGHBOURS
from core.enformer.candidates import cell_types
from core.enformer.tracks import Track
from core.errors import SelectionError
from core.genome.gene import Gene
from core.genome.interval import Interval

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

_BETWEEN = re.compile(r"[^a-z0-9+]+")


def expression_cells(tracks: Iterable[Track]) -> tuple[str, ...]:
    """Cell types whose open chromatin and CAGE are both predicted, in the order of `candidates.cell_types`."""
    tracks = tuple(tracks)
    cage = [_words(track.biosample) for track in tracks if track.assay == "CAGE"]
    return tuple(cell for cell in cell_types(tracks) if any(_words(cell) in words for words in cage))


def expression_tracks(tracks: Iterable[Track], cell_type: str) -> tuple[Track, ...]:
    """CAGE tracks of a cell type: those of exactly this name, else those whose name holds it as whole words, so that
    "K562" finds "chronic myelogenous leukemia cell line:K562"."""
    cage = [track for track in tracks if track.assay == "CAGE"]
    exact = tuple(track for track in cage if _words(track.biosample) == _words(cell_type))
    return exact or tuple(track for track in cage if _words(cell_type) in _words(track.biosample))


def expression_target(
    engine: EnformerEngine, window: Interval, gene: Gene, cell_type: str, head: str = "human"
) -> Target:
    """The mean of the cell type's CAGE tracks over the bin of the gene's first base and one bin on either side.

    Parameters
    ----------
    window : that the model reads.

    Raises
    ------
    SelectionError
        This head has no CAGE of the cell type, or the start lies outside of what the model shows of the window.
    """
    found = expression_tracks(engine.tables.get(head, ()), cell_type)
    if not found:
        raise SelectionError(f"There is no predicted CAGE of {cell_type!r} here; choose another cell type.")
    size = engine.bin_size_bp
    middle = (gene.tss - window.start) // size - first_bin(engine, window.width_bp)
    bins = tuple(range(middle - NEIGHBOURS, middle + NEIGHBOURS + 1))
    if bins[0] < 0:
        raise SelectionError(
            f"The start of {gene.symbol} lies outside of what {window.locus} shows; take the window around it."
        )
    numbers = ", ".join(str(track.index) for track in found[:4]) + (", …" if len(found) > 4 else "")
    name = f"mean of CAGE:{cell_type} ({numbers}) over {len(bins)} bins at the {gene.symbol} TSS"
    target = Target(tuple(track.index for track in found), bins, name, head)
    check_bins(engine, window.width_bp, target)
    return target


def _words(name: str) -> str:
    """Letters and digits in lower case, one space around each word."""
    return f" {_BETWEEN.sub(' ', name.casefold()).strip()} "
