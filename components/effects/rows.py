"""Rows of the genome browser that show what a variant does: both alleles over one another, and their difference."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from components.browser.scene import Piece, SignalRow
from components.effects.numbers import change_text, value_text
from core.effects.values import VariantEffect
from core.enformer.tracks import Track
from core.genome.interval import Interval

REF, ALT = "reference", "alternative"
LOG_UNIT = "Drawn as log10(1 + x); the cursor and the files give x."
TRUE_NAME = "true effect"


def short_allele(letters: str, most: int = 8) -> str:
    """An allele for a legend.

    >>> short_allele("GATTACAGATTACA")
    'GATTACA…'
    """
    return letters if len(letters) <= most else f"{letters[: most - 1]}…"


def allele_names(effect: VariantEffect) -> tuple[str, str]:
    """What both sides are called: "reference (G)" and "alternative (A)", or of a haplotype its name."""
    if effect.variant is None:
        return REF, "haplotype"
    return f"{REF} ({short_allele(effect.variant.ref)})", f"{ALT} ({short_allele(effect.variant.alt)})"


def effect_rows(
    effect: VariantEffect, track: Track, *, prefix: str = "", truth: Mapping[int, np.ndarray] | None = None
) -> tuple[SignalRow, SignalRow]:
    """A track with both alleles over one another, and below it alternative minus reference, in one coordinate frame.

    Parameters
    ----------
    prefix : of the rows' ids, where several effects stand in one scene.
    truth : index of a track -> (bins,) float32, its true effect in the same bins, laid over the difference.
    """
    place = effect.place(track)
    ref, alt = (np.ascontiguousarray(values[:, place]) for values in (effect.ref, effect.alt))
    change = np.ascontiguousarray(effect.effect[:, place])
    spread = None if effect.spread is None else np.ascontiguousarray(effect.spread[:, place])
    true = None if truth is None else truth.get(track.index)
    names, start, size = allele_names(effect), effect.interval.start, float(effect.bin_size_bp)
    strongest = int(np.abs(change).argmax())
    said = [f"{track.description}.", f"Unit: {track.unit}."]
    both = SignalRow(
        id=f"{prefix}alleles:{effect.head}:{track.index}",
        title=track.label,
        note=f"{value_text(float(ref[strongest]))} → {value_text(float(alt[strongest]))} where it changes most",
        about=" ".join([*said, f"The area is the {names[0]}, the line the {names[1]}.", LOG_UNIT if track.log else ""]),
        pieces=(Piece(start, size, ref, None, alt),),
        unit=track.unit,
        assay=track.assay,
        second_name=names[1],
        first_name=names[0],
        log_possible=True,
        log=False,
    )
    ribbon = "The ribbon is the spread (standard deviation) of the effect over the runs." if spread is not None else ""
    over = "" if true is None else "The line is the true effect, which the simulator computes from the changed letters."
    difference = SignalRow(
        id=f"{prefix}effect:{effect.head}:{track.index}",
        title=f"{track.label}: difference",
        note=f"{change_text(float(change[strongest]))} at {bin_of(effect, strongest).locus.partition(':')[2]}",
        about=" ".join(filter(None, [*said, "Above the line the variant gives more, below it less.", ribbon, over,
                                     effect.rule])),
        pieces=(Piece(start, size, change, spread, true),),
        unit=track.unit,
        assay=track.assay,
        second_name="" if true is None else TRUE_NAME,
        signed=True,
        signs=(f"more with {_of(effect)}", "less"),
    )  # fmt: skip
    return both, difference


def _of(effect: VariantEffect) -> str:
    return "the haplotype" if effect.variant is None else short_allele(effect.variant.alt)


def bin_of(effect: VariantEffect, number: int) -> Interval:
    """What a bin covers."""
    start = effect.interval.start + number * effect.bin_size_bp
    return Interval(effect.interval.chrom, start, start + effect.bin_size_bp)
