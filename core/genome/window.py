"""Whether the letters of a window are worth a prediction."""

from __future__ import annotations

from core.errors import SequenceError
from core.genome.interval import Interval
from core.genome.sequence import unknown_share

MOSTLY = 0.5


def check_window(sequence: str, interval: Interval, genome: str) -> str | None:
    """Look whether the letters are known.

    Parameters
    ----------
    sequence : the letters of the window, as `Reference.fetch` gives them.
    interval : where they lie.
    genome : what the genome is called in the sentence.

    Returns
    -------
    None, or a sentence to show beside the result where more than half of the letters are unknown.

    Raises
    ------
    SequenceError
        None of them is known, there are none, or something else than DNA is among them.
    """
    share = unknown_share(sequence)
    if not sequence or share == 1:
        raise SequenceError(
            f"{genome} knows no letter of {interval.locus}: all of them are N, as in gaps and near the ends of "
            "chromosomes; choose another place."
        )
    if share <= MOSTLY:
        return None
    return (
        f"{share:.0%} of the {len(sequence):,} letters read at {interval.locus} of {genome} are N: unknown. The model "
        "sees nothing there, so take its prediction with care."
    )
