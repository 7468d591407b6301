"""Which known motif each seqlet looks like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.attribution.motif_library import MotifLibrary, jaspar
from core.attribution.q_values import q_values
from core.attribution.seqlets import Seqlet, seqlets
from core.attribution.tomtom import LEAST_TARGETS, compare
from core.attribution.values import ContributionScores
from core.errors import MotifDatabaseError, SelectionError
from core.genome.sequence import one_hot

if TYPE_CHECKING:
    import pandas as pd

Query = Literal["weighted", "letters"]
OnProgress = Callable[[float], None] | None
MATCHES = 3
MOST_Q = 0.1
FLANK_BP = 2  # letters on either side of a seqlet that are compared too
COLUMNS = [
    "seqlet", "start", "end", "chrom", "position", "strand", "letters", "contribution", "motif", "matrix_id", "family",
    "p_value", "q_value", "rank", "motif_start", "motif_end", "url",
]  # fmt: skip
_FULL_WEIGHT = 3.0  # a letter counts fully from a third of the seqlet's strongest one
_AT_ONCE = 50


def match_motifs(
    scores: ContributionScores,
    *,
    library: MotifLibrary | None = None,
    found: Sequence[Seqlet] | None = None,
    matches: int = MATCHES,
    most_q: float = MOST_Q,
    query: Query = "weighted",
    on_progress: OnProgress = None,
) -> pd.DataFrame:
    """Call seqlets and name each by the known motifs that it looks like (TOMTOM).

    What is compared is the seqlet with two letters on either side. Each letter stands for itself as far as it
    contributes in the seqlet's direction: fully from a third of the strongest letter on, and what is left is shared
    equally by the four letters.

    Parameters
    ----------
    library : `jaspar()` by default; at least 25 motifs.
    found : `seqlets(scores)` by default.
    matches : best motifs of a seqlet that are listed, at most.
    most_q : largest q-value that is listed.
    query : "weighted" as above, or "letters": every letter stands for itself.
    on_progress : called with the share of seqlets that are done; it may raise to give up.

    Returns
    -------
    One row a seqlet and match, along the window, then by rank: seqlet (number, from 0), start, end (0-based, half-open,
    in the window that was read), chrom and position (1-based, of its first letter on the forward strand; None without
    an interval), strand (of the motif), letters (of the seqlet on the forward strand), contribution (their sum),
    motif, matrix_id, family, p_value, q_value (Benjamini-Hochberg over all motifs, of this seqlet), rank (from 1),
    motif_start, motif_end (where the whole matrix lies in the window), url. A seqlet without a match has no row;
    `attrs` tells the number of "seqlets", the "library" and "most_q".

    Raises
    ------
    MotifDatabaseError
        The motifs or TOMTOM cannot be had, or the library has fewer than 25.
    SelectionError
        A number that cannot be used.
    """
    import pandas as pd

    if matches < 1 or not 0 < most_q <= 1 or query not in ("weighted", "letters"):
        raise SelectionError(
            f"{matches} matches with q up to {most_q:g} of {query!r} cannot be found; ask for at least 1, a q above 0 "
            'and up to 1, and "weighted" or "letters".'
        )
    library = library or jaspar()
    if len(library) < LEAST_TARGETS:
        raise MotifDatabaseError(
            f"{library.title} are too few to compare with: p-values need at least {LEAST_TARGETS} motifs; give more."
        )
    called = tuple(seqlets(scores) if found is None else found)
    rows: list[dict] = []
    for first in range(0, len(called), _AT_ONCE):
        part = called[first : first + _AT_ONCE]
        fits = compare([_query(scores, seqlet, query) for seqlet in part], library.matrices)
        for number, seqlet in enumerate(part):
            begins = max(scores.start, seqlet.start - FLANK_BP)
            told = _told(scores, seqlet) | {"seqlet": first + number}
            q = q_values(fits.p_values[number])
            best = np.argsort(fits.p_values[number], kind="stable")[:matches]
            for rank, place in enumerate((place for place in best if q[place] <= most_q), start=1):
                motif, at = library.motifs[place], begins + int(fits.offsets[number, place])
                rows.append(
                    told
                    | {
                        "strand": "-" if fits.reverse[number, place] else "+",
                        "motif": motif.name,
                        "matrix_id": motif.matrix_id,
                        "family": motif.family,
                        "p_value": float(fits.p_values[number, place]),
                        "q_value": float(q[place]),
                        "rank": rank,
                        "motif_start": at,
                        "motif_end": at + len(motif),
                        "url": motif.url,
                    }
                )
        if on_progress is not None:
            on_progress(min(1.0, (first + len(part)) / len(called)))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs = {"seqlets": len(called), "library": library.title, "most_q": most_q}
    return table


def _query(scores: ContributionScores, seqlet: Seqlet, query: Query) -> np.ndarray:
    """(length, 4) float64, rows sum to 1."""
    start, end = max(scores.start, seqlet.start - FLANK_BP), min(scores.start + len(scores), seqlet.end + FLANK_BP)
    place = slice(start - scores.start, end - scores.start)
    letters = one_hot(scores.letters[place]).astype(np.float64)
    weights = letters.any(axis=1).astype(np.float64)
    if query == "weighted":
        towards = np.nan_to_num(scores.per_base[place].astype(np.float64)) * np.sign(seqlet.contribution)
        weights *= np.clip(_FULL_WEIGHT * towards / max(towards.max(), np.finfo(float).tiny), 0.0, 1.0)
    return 0.25 + weights[:, None] * (letters - 0.25)


def _told(scores: ContributionScores, seqlet: Seqlet) -> dict:
    place = scores.interval
    return {
        "start": seqlet.start,
        "end": seqlet.end,
        "chrom": None if place is None else place.chrom,
        "position": None if place is None else place.start + seqlet.start - scores.start + 1,
        "letters": scores.letters[seqlet.start - scores.start : seqlet.end - scores.start],
        "contribution": seqlet.contribution,
    }
