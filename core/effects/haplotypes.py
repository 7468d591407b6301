"""People's two haplotypes: all phased variants of a sample in a window made together, against the reference.

Variants of one haplotype that change the same letters cannot be made together: the first by position stays, the other
is left out and named. What is heterozygous and not phased could lie on either haplotype, so such samples are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from core.effects.align import Core
from core.effects.lines import Lines
from core.effects.offers import checked, short
from core.effects.predicted import Readings, Stretch, flank_needed
from core.effects.records import VcfLines, variant_of
from core.effects.score import PLAIN, made_effect
from core.effects.values import Rejected, VariantEffect
from core.effects.windows import Letters
from core.enformer.averaging import Averaging
from core.errors import AttendomeError, SelectionError, VariantFileError
from core.genome.contigs import same_chromosome
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.variant import Variant

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine
    from core.enformer.window import Tracks

_GENOTYPE = re.compile(r"(\d+|\.)(?:([|/])(\d+|\.))?")
OVERLAP_RULE = (
    "Two variants of one haplotype that change the same letters cannot be made together: the first by position is "
    "kept, the other is left out."
)
MAX_SAMPLES_SHOWN = 6


@dataclass(frozen=True)
class Haplotypes:
    """The variants that a person carries in a stretch, on either chromosome.

    Attributes
    ----------
    first, second : left-normalised, from the left, not overlapping; those carried twice are in both.
    left_out : records and variants that are not in them, with the reason.
    """

    sample: str
    interval: Interval
    first: tuple[Variant, ...]
    second: tuple[Variant, ...]
    left_out: tuple[Rejected, ...] = ()


def samples_of(source: Path | str | BinaryIO) -> tuple[str, ...]:
    """Names of the samples of a VCF.

    Raises
    ------
    VariantFileError
        It is no VCF.
    """
    header = VcfLines()
    for _, text in Lines(source):
        if text is not None and not text.startswith("#"):
            break
        header.header(text or "")
        if header.samples:
            break
    return header.samples


def haplotypes_of(source: Path | str | BinaryIO, sample: str, interval: Interval, genome: Reference) -> Haplotypes:
    """What a sample of a VCF carries in a stretch of the genome.

    Raises
    ------
    VariantFileError
        There is no such sample, or one of its variants there is heterozygous and not phased.
    """
    letters, header = Letters(genome), VcfLines()
    carried: tuple[list[Variant], list[Variant]] = ([], [])
    left_out: list[Rejected] = []
    column, phased_with = -1, ""
    for number, text in Lines(source):
        if text is None or not text.strip():
            continue
        if text.startswith("#"):
            header.header(text)
            continue
        if column < 0:
            column = _column(header, sample)
        columns = header.columns(text)
        if len(columns) < 5 or not same_chromosome(columns[0], interval.chrom) or not columns[1].isdigit():
            continue
        if not interval.start < int(columns[1]) <= interval.end:
            continue
        alleles, phase_set = _genotype(columns, column, sample, number)
        if alleles and alleles[0] != alleles[1] and phase_set not in ("", phased_with):
            if phased_with:
                raise VariantFileError(
                    f"The variants of {sample} in {interval.locus} are phased in several sets (PS {phased_with} and "
                    f"{phase_set}, line {number:,}): it is not known how the sets lie to each other. Give a VCF "
                    "that is phased over the whole window."
                )
            phased_with = phase_set
        for copy, allele in enumerate(alleles):
            if not allele:
                continue
            alts = columns[4].split(",")
            if allele > len(alts):
                left_out.append(Rejected(number, " ".join(columns[:5])[:80], f"There is no allele number {allele}."))
                continue
            made = variant_of(number, text, (columns[0], columns[1], columns[3], alts[allele - 1]))
            try:
                if isinstance(made, Rejected):
                    left_out.append(made)
                else:
                    carried[copy].append(checked(made, letters))
            except AttendomeError as error:
                left_out.append(Rejected(number, made.label[:80], str(error)))
    if column < 0:
        _column(header, sample)
    first, second = (_together(variants, interval, left_out) for variants in carried)
    return Haplotypes(sample, interval, first, second, tuple(dict.fromkeys(left_out)))


def _column(header: VcfLines, sample: str) -> int:
    if sample not in header.samples:
        shown = ", ".join(header.samples[:MAX_SAMPLES_SHOWN]) or "none"
        raise VariantFileError(f"There is no sample {sample!r} in this VCF; it has {shown}.")
    return 9 + header.samples.index(sample)


def _genotype(columns: list[str], column: int, sample: str, number: int) -> tuple[tuple[int, ...], str]:
    """Numbers of the alleles on either chromosome, and the set that they are phased in, or "".

    0 is the reference, and what is not known counts as it.
    """
    keys = columns[8].split(":") if len(columns) > column else []
    if "GT" not in keys:
        return (), ""
    values = dict(zip(keys, columns[column].strip().split(":"), strict=False))
    found = _GENOTYPE.fullmatch(values.get("GT", ""))
    phase_set = values.get("PS", "").strip(".")
    if found is None:
        raise VariantFileError(
            f"The genotype of {sample} in line {number:,} is {columns[column][:20]!r}; one or two alleles are "
            "read, such as 0|1."
        )
    one, mark, two = found.groups()
    alleles = tuple(0 if allele in (None, ".") else int(allele) for allele in (one, two if two is not None else one))
    if mark == "/" and alleles[0] != alleles[1]:
        raise VariantFileError(
            f"{sample} is heterozygous and not phased at {columns[0]}:{int(columns[1]):,} (line {number:,}, genotype "
            f"{one}/{two}): it is not known which haplotype has the variant. Give a phased VCF (0|1)."
        )
    return alleles, phase_set


def _together(variants: Iterable[Variant], interval: Interval, left_out: list[Rejected]) -> tuple[Variant, ...]:
    """Those that can be made together, from the left."""
    kept: list[tuple[Core, Variant]] = []
    for variant in sorted(dict.fromkeys(variants), key=lambda one: (Core.of(one).start, Core.of(one).stop)):
        core = Core.of(variant)
        if core.start < interval.start or core.stop > interval.end:
            left_out.append(Rejected(0, short(variant), f"It reaches beyond {interval.locus}."))
        elif kept and _touch(kept[-1][0], core):
            left_out.append(Rejected(0, short(variant), f"It overlaps {short(kept[-1][1])}. {OVERLAP_RULE}"))
        else:
            kept.append((core, variant))
    return tuple(variant for _, variant in kept)


def _touch(before: Core, after: Core) -> bool:
    """Whether two changes, the first starting first, take the same letters or insert at the same place."""
    return after.start < before.stop or (after.start == before.start and after.stop == before.stop)


@dataclass(frozen=True, eq=False)
class HaplotypeEffects:
    """Both haplotypes of a window against the reference.

    Attributes
    ----------
    first, second : effects of all variants of a haplotype together; None where it has none.
    singles : the effect of each variant of either haplotype alone, (tracks,) float64 each, means over the bins shown.
    """

    haplotypes: Haplotypes
    first: VariantEffect | None
    second: VariantEffect | None
    singles: dict[Variant, np.ndarray]

    def joint(self, which: int) -> np.ndarray | None:
        """(tracks,) float64: mean effect of haplotype 1 or 2, all its variants together; None without variants."""
        effect = (self.first, self.second)[which - 1]
        return None if effect is None else effect.effect.mean(axis=0, dtype=np.float64)

    def sum_of_singles(self, which: int) -> np.ndarray | None:
        """(tracks,) float64: what the same variants do one by one, added up; None without variants."""
        variants = (self.haplotypes.first, self.haplotypes.second)[which - 1]
        return np.sum([self.singles[variant] for variant in variants], axis=0) if variants else None


def haplotype_effects(
    engine: EnformerEngine,
    genome: Reference,
    haplotypes: Haplotypes,
    window: Interval,
    tracks: Tracks = None,
    *,
    head: str = "human",
    averaging: Averaging = PLAIN,
    on_progress: Callable[[float], None] | None = None,
) -> HaplotypeEffects:
    """What a person's haplotypes, and each of their variants alone, do to the tracks of a window.

    Parameters
    ----------
    window : as wide as the model's input; `haplotypes.interval` lies inside of it.
    tracks, head, averaging, on_progress : as for `core.effects.effect_of`.

    Raises
    ------
    SelectionError
        The haplotypes reach beyond the window.
    AttendomeError
        As `EnformerEngine.predict_edits`.
    """
    if not window.contains(haplotypes.interval):
        raise SelectionError(
            f"The haplotypes were read over {haplotypes.interval.locus}, which reaches beyond the window "
            f"{window.locus}; read them inside of it."
        )
    whole = [variants for variants in (haplotypes.first, haplotypes.second) if variants]
    alone = list(dict.fromkeys((*haplotypes.first, *haplotypes.second)))
    several = [*dict.fromkeys(whole), *((variant,) for variant in alone)]
    stretch = Stretch.of(genome, window, flank_needed(several, averaging))
    readings = Readings(engine, stretch, several, tracks, head, averaging, on_progress)
    together: dict[tuple[Variant, ...], VariantEffect] = {}
    singles: dict[Variant, np.ndarray] = {}
    reference = readings.ref_runs.mean(axis=(0, 1), dtype=np.float64)
    for place, (variants, (aligned, alt_runs)) in enumerate(zip(several, readings, strict=True)):
        if place < len(several) - len(alone):
            together[variants] = made_effect(
                engine, stretch, None, variants, readings, alt_runs, aligned.deleted, head, averaging
            )
        else:
            singles[variants[0]] = alt_runs.mean(axis=(0, 1), dtype=np.float64) - reference
    return HaplotypeEffects(haplotypes, together.get(haplotypes.first), together.get(haplotypes.second), singles)
