"""Scoring variants: one, or many that share windows, as values one by one or as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from core.effects.align import RULE
from core.effects.predicted import Readings, Stretch, flank_needed
from core.effects.scores import gene_scores, local_bp, local_scores, window_scores
from core.effects.values import Rejected, VariantEffect
from core.effects.windows import Group, Letters, grouped, prepared, shown_interval
from core.enformer.averaging import Averaging, averaging_notes
from core.enformer.window import checked_window
from core.errors import InvalidLocusError, ReferenceMismatchError
from core.genome.interval import Interval
from core.genome.reference import Reference
from core.genome.variant import Variant

if TYPE_CHECKING:
    import pandas

    from core.enformer.engine import EnformerEngine
    from core.enformer.window import Tracks
    from core.genome.annotation import Genes

PLAIN = Averaging()
AT_ONCE = 64  # variants whose letters are held together
COLUMNS = (
    *("chrom", "pos", "ref", "alt", "kind", "track", "name", "unit"),
    *("ref_value", "alt_value", "effect", "spread", "effect_low", "effect_high", "effect_sum", "sar", "sar_sum"),
    *("log2_fold", "local_bp", "local_ref", "local_alt", "local_effect", "local_log2_fold", "window"),
)
GENE_COLUMNS = ("gene", "tss_distance", "gene_ref", "gene_alt", "gene_effect", "gene_log2_fold")
OnRejected = Callable[[Rejected], None]


def effect_of(
    engine: EnformerEngine,
    genome: Reference,
    variant: Variant,
    tracks: Tracks = None,
    *,
    head: str = "human",
    averaging: Averaging = PLAIN,
    width_bp: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> VariantEffect:
    """What one variant does to the tracks of its window.

    Parameters
    ----------
    engine : built with precision="float32": effects of single letters are small against what shorter numbers lose.
    genome : what the variant's reference allele is checked against, and its window read from.
    tracks, head, averaging : as for `EnformerEngine.predict`.
    width_bp : of the window; the model's own by default.
    on_progress : called with the share that is done, 0 to 1; it may raise to give up.

    Raises
    ------
    InvalidLocusError, ReferenceMismatchError, InvalidVariantError
        As `core.effects.windows.prepared`.
    AttendomeError
        As `EnformerEngine.predict_edits`.
    """
    found = iter_effects(
        engine, genome, [variant], tracks, head=head, averaging=averaging, width_bp=width_bp, on_progress=on_progress
    )
    return next(found)[1]


def iter_effects(
    engine: EnformerEngine,
    genome: Reference,
    variants: Iterable[Variant],
    tracks: Tracks = None,
    *,
    head: str = "human",
    averaging: Averaging = PLAIN,
    width_bp: int | None = None,
    on_progress: Callable[[float], None] | None = None,
    on_rejected: OnRejected | None = None,
) -> Iterator[tuple[int, VariantEffect]]:
    """(number in what was given, effect) of each variant, window after window; only a few effects are held at once.

    Parameters
    ----------
    on_rejected : called with each variant that cannot be scored, before the first is scored, its `line` the number in
        what was given plus 1; without it the first of them is raised. See `effect_of` for the others.

    Raises
    ------
    AttendomeError
        As `effect_of`.
    """
    ready = list(prepare(engine, genome, variants, width_bp=width_bp, on_rejected=on_rejected))
    groups, done = grouped(engine, ready, most=AT_ONCE, width_bp=width_bp), 0
    for group in groups:
        begun = done

        def told(share: float, begun: int = begun, count: int = len(group)) -> None:
            if on_progress is not None:
                on_progress((begun + share * count) / len(ready))

        yield from group_effects(engine, genome, group, tracks, head=head, averaging=averaging, on_progress=told)
        done += len(group)
    if on_progress is not None:
        on_progress(1.0)


def prepare(
    engine: EnformerEngine,
    genome: Reference,
    variants: Iterable[Variant],
    *,
    width_bp: int | None = None,
    on_rejected: OnRejected | None = None,
) -> Iterator[tuple[int, Variant, Variant]]:
    """(number, as given, left-normalised) of each variant that can be scored; see `iter_effects`."""
    letters = Letters(genome)
    for number, variant in enumerate(variants):
        try:
            yield number, variant, prepared(engine, genome, variant, width_bp=width_bp, letters=letters)
        except (InvalidLocusError, ReferenceMismatchError) as error:
            if on_rejected is None:
                raise
            on_rejected(Rejected(number + 1, variant.label[:80], str(error)))


def group_effects(
    engine: EnformerEngine,
    genome: Reference,
    group: Group,
    tracks: Tracks = None,
    *,
    head: str = "human",
    averaging: Averaging = PLAIN,
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[tuple[int, VariantEffect]]:
    """(number, effect) of the variants of one window, which is read once for all; see `iter_effects`."""
    several = [(change,) for change in group.changes]
    stretch = Stretch.of(genome, group.window, flank_needed(several, averaging))
    readings = Readings(engine, stretch, several, tracks, head, averaging, on_progress)
    entries = zip(group.places, group.variants, several, readings, strict=True)
    for number, variant, changes, (aligned, alt_runs) in entries:
        deleted = aligned.deleted
        yield number, made_effect(engine, stretch, variant, changes, readings, alt_runs, deleted, head, averaging)


def made_effect(
    engine: EnformerEngine, stretch: Stretch, variant: Variant | None, changes: tuple[Variant, ...],
    readings: Readings, alt_runs: np.ndarray, deleted: np.ndarray, head: str, averaging: Averaging,
) -> VariantEffect:  # fmt: skip
    """The value of what was predicted, with its sentences."""
    from core.enformer.positions import position_notes

    window = checked_window(stretch.sequence, stretch.window, engine.bin_size_bp, engine.title)
    reach = averaging.reach_bp
    notes = window.notes + position_notes(engine.parts, window.bins) + averaging_notes(averaging, ("N" * reach,) * 2)
    moved = any(change.length_change_bp for change in changes)
    return VariantEffect(
        variant=variant,
        changes=changes,
        ref_runs=readings.ref_runs,
        alt_runs=alt_runs,
        tracks=readings.tracks,
        interval=shown_interval(engine, stretch.window),
        window=Interval(stretch.window.chrom, stretch.window.start, stretch.window.end),
        deleted=deleted,
        bin_size_bp=engine.bin_size_bp,
        first_bin=readings.first_bin,
        head=head,
        provenance=engine.provenance,
        sequence_digest=window.digest,
        rule=RULE if moved else "",
        runs=tuple(run.name for run in averaging.runs),
        notes=notes,
    )


def effect_frame(effect: VariantEffect, genes: Genes | None = None) -> pandas.DataFrame:
    """One row a track of one variant: the columns of `score_variants`."""
    import pandas

    variant = effect.variant or effect.changes[0]
    whole, local = window_scores(effect), local_scores(effect)
    sad = whole["sad"]
    columns = {
        "chrom": variant.chrom,
        "pos": variant.position,
        "ref": variant.ref,
        "alt": variant.alt,
        "kind": variant.kind,
        "track": [track.index for track in effect.tracks],
        "name": [track.description for track in effect.tracks],
        "unit": [track.unit for track in effect.tracks],
        "ref_value": sad.ref,
        "alt_value": sad.alt,
        "effect": sad.effect,
        "spread": sad.spread if len(effect.runs) > 1 else np.nan,
        "effect_low": sad.low,
        "effect_high": sad.high,
        "effect_sum": whole["sad_sum"].effect,
        "sar": whole["sar"].effect,
        "sar_sum": whole["sar_sum"].effect,
        "log2_fold": whole["log2_fold"].effect,
        "local_bp": [local_bp(track) for track in effect.tracks],
        "local_ref": local["local"].ref,
        "local_alt": local["local"].alt,
        "local_effect": local["local"].effect,
        "local_log2_fold": local["local_log2_fold"].effect,
        "window": effect.window.locus,
    }
    if genes is not None:
        columns |= _gene_columns(effect, genes)
    return pandas.DataFrame(columns)


def _gene_columns(effect: VariantEffect, genes: Genes) -> dict[str, object]:
    found = gene_scores(effect, genes.genes_in(effect.interval))
    if not found:
        return dict.fromkeys(GENE_COLUMNS, np.nan) | {"gene": ""}
    nearest = found[0]
    values = (nearest.score.ref, nearest.score.alt, nearest.score.effect, nearest.log2_fold.effect)
    return dict(zip(GENE_COLUMNS, (nearest.gene.symbol, nearest.distance_bp, *values), strict=True))


def score_variants(
    engine: EnformerEngine,
    genome: Reference,
    variants: Iterable[Variant],
    tracks: Tracks = None,
    on_progress: Callable[[float], None] | None = None,
    *,
    head: str = "human",
    averaging: Averaging = PLAIN,
    genes: Genes | None = None,
    width_bp: int | None = None,
    on_rejected: OnRejected | None = None,
) -> pandas.DataFrame:
    """A table of what each variant does to each track: one row a variant and track, in the order given.

    A variant that cannot be scored has no row; it is listed in `.attrs["rejected"]` (line = number from 1, text,
    reason). For many variants of many tracks take `iter_effects`, which holds one at a time.

    Parameters
    ----------
    genes : adds the nearest gene whose start lies in the shown window: gene, tss_distance (bp, positive downstream),
        gene_ref, gene_alt, gene_effect (means over its start's bins), gene_log2_fold.
    Others as for `effect_of`.

    Returns
    -------
    Columns, values being means over the bins shown unless the column says otherwise, in each track's own unit:
    chrom, pos (1-based), ref, alt : as given. kind. track (index), name, unit. ref_value, alt_value.
    effect : alt_value - ref_value (SAD, mean). spread : its standard deviation over the averaged runs, NaN of one run.
    effect_low, effect_high : smallest and largest over the runs. effect_sum : SAD of sums over bins.
    sar : log2(1 + alt_value) - log2(1 + ref_value). sar_sum : the same of sums over bins.
    log2_fold : log2((alt_value + 0.01) / (ref_value + 0.01)).
    local_bp : stretch around the variant, 501, or 2,001 for histone marks. local_ref, local_alt, local_effect : means
    over its bins. local_log2_fold : log2((1 + sum) / (1 + sum)) of them. window : locus that was read.

    Raises
    ------
    AttendomeError
        As `EnformerEngine.predict_edits`.
    """
    import pandas

    rejected: list[Rejected] = []

    def refused(one: Rejected) -> None:
        rejected.append(one)
        if on_rejected is not None:
            on_rejected(one)

    frames: dict[int, pandas.DataFrame] = {}
    for number, effect in iter_effects(
        engine, genome, variants, tracks, head=head, averaging=averaging, width_bp=width_bp, on_progress=on_progress,
        on_rejected=refused,
    ):  # fmt: skip
        frames[number] = effect_frame(effect, genes)
    columns = [*COLUMNS, *(GENE_COLUMNS if genes is not None else ())]
    if frames:
        table = pandas.concat([frames[number] for number in sorted(frames)], ignore_index=True)[columns]
    else:
        table = pandas.DataFrame(columns=columns)
    table.attrs["rejected"] = [{"line": one.line, "text": one.text, "reason": one.reason} for one in rejected]
    return table
