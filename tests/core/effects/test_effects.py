"""Effects against brute force with enformer_pytorch: every kind of variant, borders of bins, ends of chromosomes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.effects import effect_of, iter_effects, score_variants, variant_window
from core.effects.score import COLUMNS, GENE_COLUMNS, PLAIN
from core.effects.windows import grid_spacing_bp, longest_allele, shown_interval
from core.enformer import Edit
from core.enformer.averaging import Averaging
from core.errors import InvalidLocusError, InvalidVariantError, ReferenceMismatchError
from core.genome import Interval, Variant, reverse_complement
from core.genome.annotation import Track as GeneTrack
from core.genome.gene import Gene
from tests.core.effects.toys import CROP, SIZE, WIDTH, ToyGenome, engine, genome, other, peer, random_letters

TOLERANCE = 1e-5  # float32, of values up to 4


def made(position: int, ref_length: int = 1, alt: str | None = None, where: ToyGenome | None = None) -> Variant:
    letters = (where or genome()).letters["chr1"]
    ref = letters[position - 1 : position - 1 + ref_length]
    return Variant("chr1", position, ref, other(ref) if alt is None else ref[0] + alt)


def brute_force(variant: Variant, where: ToyGenome, averaging: Averaging = PLAIN) -> tuple[np.ndarray, np.ndarray]:
    """(ref, alt), each (runs, bins, tracks): whole chromosomes edited, padded and cut, and read by the peer.

    The rule of alignment is written out base by base, in another way than the code does it.
    """
    letters, pad = where.letters["chr1"], 600
    short = variant.normalise(where.fetch)
    start, ref, alt = short.position - 1, short.ref, short.alt
    edited = letters[:start] + alt + letters[start + len(ref) :]
    if ref[0] == alt[0]:  # the base that both share
        start, ref, alt = start + 1, ref[1:], alt[1:]
    window = variant_window(engine(), where, variant)
    moved = len(alt) - len(ref)

    def cut(text: str, offset: int) -> str:
        wide = "N" * pad + text + "N" * pad
        return wide[pad + window.start + offset :][:WIDTH]

    refs, alts = [], []
    for run in averaging.runs:
        refs.append(peer(cut(letters, run.shift_bp), run.reverse))
        left = peer(cut(edited, run.shift_bp), run.reverse)
        right = peer(cut(edited, run.shift_bp + moved), run.reverse)
        found = np.empty_like(left)
        for number in range(len(left)):
            bases = range(window.start + (CROP + number) * SIZE, window.start + (CROP + number + 1) * SIZE)
            turn = start + min(len(ref), len(alt))
            before = sum(base < turn for base in bases)
            behind = sum(base >= start + len(ref) for base in bases)
            if not moved:
                found[number] = left[number]
            elif before + behind == 0:
                found[number] = 0
            else:
                found[number] = (before * left[number] + behind * right[number]) / (before + behind)
        alts.append(found)
    return np.stack(refs), np.stack(alts)


CASES = {
    "substitution": made(601),
    "first base of a bin": made(577),
    "last base of a bin": made(584),
    "several letters": made(603, 5, "GGGG" if genome().letters["chr1"][603] != "G" else "AAAA"),
    "insertion": made(601, 1, "ACGTTGCA"[:5]),
    "insertion of a whole bin": made(601, 1, random_letters(8, 5)),
    "insertion at the border of a bin": made(576, 1, "TGCAT"),
    "long insertion": made(601, 1, random_letters(40, 6)),
    "deletion": made(601, 4, ""),
    "deletion of a whole bin": made(576, 9, ""),
    "long deletion": made(590, 46, ""),
    "deletion and insertion": made(601, 7, random_letters(3, 8)),
    "start of the chromosome": made(1),
    "insertion near the start": made(3, 1, "GATTACA"),
    "end of the chromosome": made(1200),
    "deletion near the end": made(1190, 8, ""),
}


@pytest.mark.parametrize("name", CASES)
def test_brute_force(name: str) -> None:
    variant = CASES[name]
    found = effect_of(engine(), genome(), variant)
    ref, alt = brute_force(variant, genome())
    np.testing.assert_allclose(found.ref_runs, ref, atol=TOLERANCE)
    np.testing.assert_allclose(found.alt_runs, alt, atol=TOLERANCE)
    assert np.abs(found.effect).max() > 100 * TOLERANCE
    assert bool(found.rule) == (variant.length_change_bp != 0)
    assert found.interval == shown_interval(engine(), found.window)
    assert found.interval.width_bp == 192


@pytest.mark.parametrize("name", ["substitution", "insertion", "long deletion", "start of the chromosome"])
def test_brute_force_of_every_run(name: str) -> None:
    """Both strands and shifts, each run by itself; the spread is that of the effect over them."""
    averaging = Averaging(reverse_complement=True, shifts=(-3, 2))
    found = effect_of(engine(), genome(), CASES[name], averaging=averaging)
    ref, alt = brute_force(CASES[name], genome(), averaging)
    assert found.runs == tuple(run.name for run in averaging.runs)
    assert len(found.runs) == 6
    np.testing.assert_allclose(found.ref_runs, ref, atol=TOLERANCE)
    np.testing.assert_allclose(found.alt_runs, alt, atol=TOLERANCE)
    np.testing.assert_allclose(found.effect, (alt - ref).mean(axis=0), atol=TOLERANCE)
    np.testing.assert_allclose(found.spread, (alt - ref).std(axis=0), atol=TOLERANCE)
    assert found.track_set("effect").spread is found.spread


def twin_of(variant: Variant) -> tuple[Variant, ToyGenome]:
    """The same change on the other strand, and the genome read from there."""
    mirrored = ToyGenome(chr1=reverse_complement(genome().letters["chr1"]))
    last = variant.position + len(variant.ref) - 1
    ref, alt = (reverse_complement(text) for text in (variant.ref, variant.alt))
    if variant.length_change_bp:  # the base before becomes the one behind: name the one before instead
        edge = mirrored.letters["chr1"][1200 - last - 1]
        ref, alt, last = edge + ref[:-1], edge + alt[:-1], last + 1
    return Variant("chr1", 1200 - last + 1, ref, alt), mirrored


@pytest.mark.parametrize(("ref_length", "alt"), [(1, None), (1, "ACGTT"), (4, ""), (9, ""), (20, "")])
def test_other_strand_is_the_mirror(ref_length: int, alt: str | None) -> None:
    """Averaged over both strands, the reverse-complemented genome gives the same effects from right to left."""
    for position in range(597, 640):  # a place where no letters are repeated, so that left-normalising moves nothing
        variant = made(position, ref_length, alt)
        twin, mirrored = twin_of(variant)
        if variant.normalise(genome().fetch) == variant and twin.normalise(mirrored.fetch) == twin:
            break
    averaging = Averaging(reverse_complement=True)
    found = effect_of(engine(), genome(), variant, averaging=averaging)
    other_strand = effect_of(engine(), mirrored, twin, averaging=averaging)
    assert other_strand.interval.start == 1200 - found.interval.end
    np.testing.assert_allclose(other_strand.effect[::-1], found.effect, atol=TOLERANCE)
    assert np.abs(found.effect).max() > 1e-4


def test_the_same_letters_give_exactly_nothing() -> None:
    sequence = genome().fetch(Interval("chr1", 400, 400 + WIDTH))
    found = engine().predict_edits(sequence, [Edit(100, sequence[100:103], sequence[100:103])])
    assert (found.alternatives[0] == found.reference).all()
    with pytest.raises(InvalidVariantError, match="changes nothing"):
        Variant("chr1", 5, "A", "A")


def test_swapped_alleles_flip_the_sign() -> None:
    variant = CASES["substitution"]
    letters = genome().letters["chr1"]
    twin = ToyGenome(chr1=letters[: variant.position - 1] + variant.alt + letters[variant.position :])
    table = score_variants(engine(), genome(), [variant])
    swapped = score_variants(engine(), twin, [Variant("chr1", variant.position, variant.alt, variant.ref)])
    for column in ("effect", "effect_sum", "sar", "log2_fold", "local_effect", "local_log2_fold"):
        np.testing.assert_allclose(swapped[column], -table[column], atol=1e-6)
    np.testing.assert_allclose(swapped["ref_value"], table["alt_value"], atol=1e-6)


def test_a_score_does_not_depend_on_the_others() -> None:
    many = [made(position) for position in range(560, 640, 7)] + [CASES["insertion"], CASES["start of the chromosome"]]
    together = {str(effect.variant): effect for _, effect in iter_effects(engine(), genome(), many)}
    for variant in many[::4]:
        alone = effect_of(engine(), genome(), variant)
        assert together[str(variant)].window == alone.window == variant_window(engine(), genome(), variant)
        np.testing.assert_allclose(together[str(variant)].alt, alone.alt, atol=1e-6)


def test_two_ways_of_writing_a_change_are_one() -> None:
    """A deletion in a run of the same letter, at either end of the run, with more letters than it needs."""
    letters = genome().letters["chr1"]
    where = ToyGenome(chr1=f"{letters[:600]}C{'T' * 30}G{letters[632:]}")
    left, right = Variant("chr1", 601, "CT", "C"), Variant("chr1", 629, "TTTG", "TTG")
    one, two = (effect_of(engine(), where, variant) for variant in (left, right))
    assert one.window == two.window
    assert one.changes == two.changes == (left,)
    np.testing.assert_array_equal(one.alt, two.alt)


def test_grid() -> None:
    """Windows begin at whole bins, an eighth of the shown width apart, and show the variant near their middle."""
    assert grid_spacing_bp(engine()) == 24
    assert longest_allele(engine()) == 48
    starts = set()
    for position in range(1, 1201):
        window = variant_window(engine(), genome(), made(position))
        assert window.width_bp == WIDTH
        assert window.start % SIZE == 0
        shown = shown_interval(engine(), window)
        assert abs(shown.centre - (position - 1)) <= 12
        starts.add(window.start)
    steps = np.diff(sorted(starts))
    assert set(steps) == {24}


def test_what_cannot_be_scored() -> None:
    right = made(601)
    wrong = Variant("chr1", 601, other(right.ref, 2), right.ref)
    far, long = Variant("chr1", 1201, "A", "C"), made(500, 50, "")
    with pytest.raises(ReferenceMismatchError, match="swap"):
        effect_of(engine(), genome(), wrong)
    with pytest.raises(InvalidLocusError, match="outside"):
        effect_of(engine(), genome(), far)
    with pytest.raises(InvalidVariantError, match=r"50 letters.*up to 48"):
        effect_of(engine(), genome(), long)
    with pytest.raises(InvalidLocusError, match="chrX"):
        effect_of(engine(), genome(), Variant("chrX", 5, "A", "C"))
    seen = []
    table = score_variants(engine(), genome(), [wrong, right, far], tracks=[3, 1], on_rejected=seen.append)
    assert list(table["track"]) == [3, 1]
    assert set(table["pos"]) == {601}
    assert [one["line"] for one in table.attrs["rejected"]] == [1, 3] == [one.line for one in seen]
    assert score_variants(engine(), genome(), [wrong]).columns.tolist() == list(COLUMNS)


def test_table() -> None:
    """One row a variant and track in the order given, whatever the order of the windows; means as they are called."""
    variants = [made(900), CASES["deletion"], Variant("1", 301, *[made(301).ref, made(301).alt])]
    shares: list[float] = []
    genes = GeneTrack("genes", genes=(Gene("UP", "", Interval("chr1", 640, 700, "+")),
                                      Gene("DOWN", "", Interval("chr1", 100, 290, "-"))))  # fmt: skip
    averaging = Averaging(reverse_complement=True)
    table = score_variants(engine(), genome(), variants, on_progress=shares.append, averaging=averaging, genes=genes)
    assert table.columns.tolist() == [*COLUMNS, *GENE_COLUMNS]
    assert len(table) == 15
    assert table["pos"].tolist() == [900] * 5 + [601] * 5 + [301] * 5
    assert table["chrom"].tolist()[-1] == "1"
    assert table["track"].tolist() == [0, 1, 2, 3, 4] * 3
    assert set(table["kind"]) == {"SNV", "deletion"}
    effect = effect_of(engine(), genome(), variants[0], averaging=averaging)
    row = table.iloc[2]
    assert row["ref_value"] == pytest.approx(effect.ref[:, 2].mean(), abs=1e-6)
    assert row["alt_value"] == pytest.approx(effect.alt[:, 2].mean(), abs=1e-6)
    assert row["effect"] == pytest.approx(row["alt_value"] - row["ref_value"], abs=1e-7)
    assert row["effect_sum"] == pytest.approx(24 * row["effect"])
    each = (effect.alt_runs - effect.ref_runs)[:, :, 2].mean(axis=1)
    assert row["spread"] == pytest.approx(each.std(), abs=1e-7)
    assert (row["effect_low"], row["effect_high"]) == pytest.approx((each.min(), each.max()), abs=1e-7)
    logs = np.log2(1 + effect.alt_runs[:, :, 2].mean(axis=1)) - np.log2(1 + effect.ref_runs[:, :, 2].mean(axis=1))
    assert row["sar"] == pytest.approx(logs.mean(), abs=1e-7)
    assert row["gene"] == ""
    assert math.isnan(row["gene_effect"])
    assert table["gene"].tolist()[5:] == ["UP"] * 5 + ["DOWN"] * 5
    assert set(table["tss_distance"][5:10]) == {-37}
    assert set(table["tss_distance"][10:]) == {-11}
    assert math.isnan(score_variants(engine(), genome(), variants[:1]).iloc[0]["spread"])
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_progress_may_stop_the_work() -> None:
    class Stop(Exception): ...

    def stop(share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        effect_of(engine(), genome(1200, 4), made(601, where=genome(1200, 4)), on_progress=stop)
