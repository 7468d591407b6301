"""Rows of letters around a variant: what each letter adds in both alleles, their difference, every other letter."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from components.browser.letter_rows import LogoRow, MutationRow
from components.browser.scene import AttentionRow, Piece
from components.effects.numbers import change_text
from components.effects.rows import short_allele
from core.attribution.values import METHOD_TITLES, ContributionScores
from core.effects.align import cores_of
from core.effects.attention_change import AttentionChange
from core.effects.values import VariantEffect
from core.genome.interval import Interval

GROUP = "alleles"


def laid_back(
    effect: VariantEffect, values: np.ndarray, letters: str, offset_bp: int
) -> tuple[np.ndarray, str, float]:  # fmt: skip
    """Contributions of the changed letters on the reference's places.

    Parameters
    ----------
    values : (length,) of what was read of the alternative. letters : what was read.
    offset_bp : how many letters right of the window's start the reading began, on the changed sequence.

    Returns
    -------
    (length,) float32 on the reference's window, NaN where the letter is deleted or was not read; the letters there; and
    what the inserted letters, which have no places, add together.
    """
    length, start = len(values), effect.window.start
    back, kept, inserted = np.full(length, np.nan, np.float32), ["-"] * length, 0.0
    place, shift = 0, -offset_bp  # of the reference; where the changed sequence has it in what was read
    for core in (*cores_of(effect.changes), None):
        stop = length if core is None else core.start - start
        _copy(back, kept, values, letters, place, stop, shift)
        if core is None:
            break
        common = min(len(core.ref), len(core.alt))
        _copy(back, kept, values, letters, stop, stop + common, shift)
        first = stop + common + shift
        added = slice(max(0, first), max(0, min(length, first + len(core.alt) - common)))
        inserted += float(np.nansum(values[added]))
        place, shift = stop + len(core.ref), shift + core.length_change_bp
    return back, "".join(kept), inserted


def _copy(
    back: np.ndarray, kept: list[str], values: np.ndarray, letters: str, start: int, stop: int, shift: int
) -> None:  # fmt: skip
    first = max(start, 0, -shift)
    last = min(stop, len(back), len(values) - shift)
    if first < last:
        back[first:last] = values[first + shift : last + shift]
        kept[first:last] = letters[first + shift : last + shift]


def logo_rows(
    effect: VariantEffect, ref: ContributionScores, alt: ContributionScores, alt_offset_bp: int, stretch: Interval,
    unit: str,
) -> tuple[LogoRow, ...]:  # fmt: skip
    """The reference's logo, the alternative's and their difference, on one scale.

    Parameters
    ----------
    stretch : what of the window is given.
    """
    begin = stretch.start - effect.window.start
    part = slice(begin, begin + stretch.width_bp)
    back, letters, inserted = laid_back(effect, alt.per_base, alt.letters, alt_offset_bp)
    one, other = ref.per_base[part].copy(), back[part].copy()
    grows = any(len(change.alt) > len(change.ref) for change in effect.changes)
    note = f"inserted letters add {change_text(inserted)}" if grows else ""
    about = f"{METHOD_TITLES[ref.method]} of the {ref.target.name}. Unit: {unit}."
    rows = (
        ("ref", f"Reference {short_allele(effect.changes[0].ref)}", ref.letters[part], one, ""),
        ("alt", f"Alternative {short_allele(effect.changes[0].alt)}", letters[part], other, note),
        ("change", "Alternative − reference", letters[part], other - one, ""),
    )
    gone = (
        " Letters that the alternative has not are left out; inserted ones have no place here."
        if (effect.shifts_frame)
        else ""
    )
    return tuple(
        LogoRow(
            id=f"logo:{name}", title=title, note=said, about=about + gone, start_bp=stretch.start,
            letters=text.replace("-", "N"), values=values, unit=unit, scaling="group", group=GROUP, height="large",
        )
        for name, title, text, values, said in rows
    )  # fmt: skip


def mutation_row(scores: ContributionScores, unit: str) -> MutationRow:
    """The effect of every other letter on the reference; the variant is one of these cells."""
    assert scores.interval is not None
    return MutationRow(
        id="mutations",
        title="Every other letter, on the reference",
        about=f"Each cell is the {scores.target.name} with this letter here, minus the same as it is. Unit: {unit}.",
        start_bp=scores.interval.start,
        letters=scores.letters,
        values=scores.values.copy(),
        unit=unit,
        height="large",
    )


def among_alternatives(scores: ContributionScores, change) -> str:
    """Where a single-letter variant stands among the other letters around it; "" of other variants."""
    assert scores.interval is not None
    if len(change.ref) != 1 or len(change.alt) != 1:
        return ""
    row = change.interval.start - scores.interval.start
    if not 0 <= row < len(scores):
        return ""
    own = abs(float(scores.values[row, "ACGT".index(change.alt)]))
    there = np.array([[letter != base for base in "ACGT"] for letter in scores.letters])
    sizes = np.abs(scores.values[there & np.isfinite(scores.values)])
    if not np.isfinite(own) or not len(sizes):
        return ""
    rank = int((sizes > own).sum()) + 1
    return (
        f"Of the {len(sizes)} single changes of the {len(scores)} letters here, {change.ref}>{change.alt} has the "
        f"effect number {rank} in size."
    )


def attention_rows(found: AttentionChange, shown: Iterable[int]) -> tuple[AttentionRow, ...]:
    """What the bins whose look changed most attend to with the alternative; the line is the reference."""
    rows = []
    size = found.bin_size_bp
    for number in shown:
        bin_, weights = found.top[number], np.ascontiguousarray(found.alt_rows[number])
        place = found.bin_interval(bin_)
        layer, head = found.strongest(bin_)
        rows.append(
            AttentionRow(
                id=f"attention:{number}",
                title=place.locus.partition(":")[2],
                note=f"{found.row_change[bin_]:.1%} moved".replace("%", " %"),
                about="What this bin attends to with the alternative; the thin line is the reference. Mean of all "
                f"layers and heads; it moved most in layer {layer}, head {head}. {found.rule}",
                weights=Piece(found.window.start, float(size), weights),
                from_start=place.start,
                from_end=place.end,
                baseline=np.ascontiguousarray(found.ref_rows[number]),
                baseline_name="the reference",
            )
        )
    return tuple(rows)


def motif_rows(table) -> list[dict[str, object]]:
    """Motifs gained and lost as rows for a table, the smallest q-value first."""
    return [
        {
            "What": row.what,
            "Motif": row.motif,
            "q-value": row.q_value,
            "Change, bits": row.change,
            "Reference, bits": row.ref_score,
            "Alternative, bits": row.alt_score,
            "Strand": row.strand,
            "p-value": row.p_value,
            "Family": row.family,
            "Matrix": row.url,
        }
        for row in table.itertuples()
    ]
