"""Scores by hand: numbers that can be added up on paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.cards import Provenance
from core.effects.align import Core, alignment
from core.effects.scores import (
    SENTENCES,
    gene_scores,
    is_histone,
    local_scores,
    tss_distance_bp,
    window_scores,
)
from core.effects.values import VariantEffect
from core.enformer.tracks import Track
from core.errors import SelectionError
from core.genome import Interval, Variant
from core.genome.gene import Gene

TRACKS = (
    Track(7, "", "DNASE:K562", assay="DNASE"),
    Track(9, "", "CHIP:H3K27ac:K562", assay="CHIP", target="H3K27ac"),
)
BINS = 40  # of 128 bp, from 10,240 on
PLACE = Interval("chr1", 10_240, 10_240 + BINS * 128)


def value(ref: np.ndarray, alt: np.ndarray, variant: Variant | None = None) -> VariantEffect:
    variant = variant or Variant("chr1", PLACE.start + 20 * 128 + 65, "A", "C")  # in the middle of bin 20
    return VariantEffect(
        variant, (variant,), ref.astype(np.float32), alt.astype(np.float32), TRACKS, PLACE,
        Interval("chr1", PLACE.start - 1280, PLACE.end + 1280), np.zeros(BINS, bool), 128, 10, "human",
        Provenance("m", "r", "local"), "0" * 64, runs=tuple(f"run {n}" for n in range(len(ref))),
    )  # fmt: skip


def simple() -> VariantEffect:
    """Reference 1 everywhere; one run adds 4 to bin 20 and 8 to bin 25, the other twice as much."""
    ref = np.ones((2, BINS, 2))
    alt = ref.copy()
    alt[0, 20], alt[0, 25] = 5, 9
    alt[1, 20], alt[1, 25] = 9, 17
    return value(ref, alt)


def test_whole_window() -> None:
    scores = window_scores(simple())
    sad, total = scores["sad"], scores["sad_sum"]
    assert sad.effect == pytest.approx([18 / BINS] * 2)
    assert (sad.ref[0], sad.alt[0]) == pytest.approx((1, 1 + 18 / BINS))
    assert (sad.spread[0], sad.low[0], sad.high[0]) == pytest.approx((6 / BINS, 12 / BINS, 24 / BINS))
    assert (total.ref[0], total.alt[0], total.effect[0]) == pytest.approx((40, 58, 18))
    runs = np.array([12, 24])
    assert scores["sar"].effect[0] == pytest.approx(np.mean(np.log2(2 + runs / BINS) - 1))
    assert scores["sar_sum"].effect[0] == pytest.approx(np.mean(np.log2((41 + runs) / 41)))
    assert scores["log2_fold"].effect[0] == pytest.approx(np.mean(np.log2((1.01 + runs / BINS) / 1.01)))
    assert all(score.sentence == SENTENCES[name] for name, score in scores.items())
    assert [name for name, score in scores.items() if not score.is_log] == ["sad", "sad_sum"]


def test_local_widths() -> None:
    """501 bp around the middle of bin 20 touch bins 18 to 22; 2,001 bp of a histone mark touch 12 to 28."""
    scores = local_scores(simple())
    local = scores["local"]
    assert local.effect == pytest.approx([6 / 5, 18 / 17])
    assert local.ref == pytest.approx([1, 1])
    expected = [np.mean(np.log2((1 + count + np.array(added)) / (1 + count))) for count, added in
                ((5, [4, 8]), (17, [12, 24]))]  # fmt: skip
    assert scores["local_log2_fold"].effect == pytest.approx(expected)
    wide = Variant("chr1", PLACE.start + 20 * 128 + 65, "A" * 640, "C")
    assert local_scores(simple(), wide)["local"].ref == pytest.approx([1, 1])
    edge = replace(simple(), variant=Variant("chr1", PLACE.start + 1, "A", "C"))
    assert local_scores(edge)["local"].effect == pytest.approx([0, 0])


def test_histone_marks() -> None:
    for target, expected in (("H3K27ac", True), ("H2A.Z", True), ("H4K20me1", True), ("HNF4A", False), ("CTCF", False)):
        assert is_histone(Track(0, "", "", assay="CHIP", target=target)) == expected
    assert not is_histone(TRACKS[0])


def test_genes() -> None:
    """Mean over the start's bin and its neighbours; distance with the sign of the gene's strand; nearest first."""
    start = PLACE.start + 25 * 128 + 3
    genes = (
        Gene("OUT", "", Interval("chr1", PLACE.end + 5, PLACE.end + 50, "+")),
        Gene("PLUS", "", Interval("chr1", start, start + 5_000, "+")),
        Gene("EDGE", "", Interval("chr1", PLACE.start + 5, PLACE.start + 600, "+")),
        Gene("MINUS", "", Interval("chr1", PLACE.start, PLACE.start + 20 * 128 + 75, "-")),
    )
    found = gene_scores(simple(), genes)
    assert [one.gene.symbol for one in found] == ["MINUS", "PLUS", "EDGE"]
    assert [one.bins for one in found] == [3, 3, 2]
    assert [one.distance_bp for one in found] == [10, -(start - PLACE.start - 20 * 128 - 64), 20 * 128 + 59]
    assert [one.score.effect[0] for one in found] == pytest.approx([6 / 3, 12 / 3, 0])
    assert found[1].log2_fold.effect[0] == pytest.approx(np.mean(np.log2((2 + np.array([8, 16]) / 3) / 2)))
    assert tss_distance_bp(Variant("chr1", start, "AAAA", "A"), genes[1]) == 0


def test_the_value_checks_itself() -> None:
    effect = simple()
    assert effect.place(TRACKS[1]) == effect.place(9) == 1
    with pytest.raises(SelectionError, match="Track 3"):
        effect.place(3)
    with pytest.raises(ValueError, match="read-only"):
        effect.alt[0, 0] = 1
    with pytest.raises(ValueError, match=r"\(1, 40, 2\)"):
        replace(effect, ref_runs=np.zeros((1, BINS, 2), np.float32))
    assert effect.spread[20, 0] == pytest.approx(2)
    assert effect.bins_over(PLACE.start - 5, PLACE.start) == slice(0, 0)
    assert effect.bins_over(PLACE.start, PLACE.start + 129) == slice(0, 2)


@pytest.mark.parametrize("length", [1, 3, 127, 128, 200, 256])
@pytest.mark.parametrize("insert", [False, True])
def test_a_mere_shift_is_undone_exactly(length: int, insert: bool) -> None:
    """A model whose output is one number of each place: where letters only moved, the difference is exactly 0."""
    signal = np.random.default_rng(1).random(200_000)  # what each letter of the reference gives
    shown = Interval("chr1", 100_000, 100_000 + 60 * 128)
    start = shown.start + 20 * 128 + 50
    core = Core(start, "" if insert else "A" * length, "C" * length if insert else "")
    changed = np.concatenate([signal[:start], np.full(length, 7.0) if insert else [], signal[core.stop :]])
    aligned = alignment((core,), shown, 128)

    def read(text: np.ndarray, offset: int) -> np.ndarray:
        return text[shown.start + offset :][: shown.width_bp].reshape(-1, 128).sum(axis=1)[:, None].astype(np.float32)

    difference = aligned.aligned([read(changed, offset) for offset in aligned.offsets_bp]) - read(signal, 0)
    last = (start + (0 if insert else length) - 1 - shown.start) // 128
    touched = set(range(20, last + 1))
    assert set(np.flatnonzero(difference[:, 0])) <= touched
    assert difference[min(touched), 0] != 0
    gone = [number for number in touched if shown.start + number * 128 >= start
            and shown.start + (number + 1) * 128 <= core.stop]  # fmt: skip
    assert np.flatnonzero(aligned.deleted).tolist() == gone
    assert bool(gone) == (not insert and length > 205)
