"""Both haplotypes of a person: what is carried, and its joint effect against brute force."""

from __future__ import annotations

import gzip
from io import BytesIO

import numpy as np
import pytest

from core.effects import effect_of
from core.effects.haplotypes import haplotype_effects, haplotypes_of, samples_of
from core.effects.windows import grid_window
from core.enformer.averaging import Averaging
from core.errors import SelectionError, VariantFileError
from core.genome import Interval, Variant, open_genome
from core.teaching.playground.files import playground_people
from tests.core.effects.toys import CROP, SIZE, WIDTH, engine, genome, other, peer

LETTERS = genome().letters["chr1"]
WINDOW = grid_window(engine(), "chr1", 600)


def vcf(*records: tuple[int, str, str, str], form: str = "GT") -> BytesIO:
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tann\tbob\n"
    rows = (f"chr1\t{p}\t.\t{ref}\t{alt}\t.\t.\t.\t{form}\t0|0\t{told}\n" for p, ref, alt, told in records)
    return BytesIO((head + "".join(rows)).encode())


def letter(position: int, count: int = 1) -> str:
    return LETTERS[position - 1 : position - 1 + count]


def test_what_a_person_carries() -> None:
    source = vcf(
        (500, letter(500), f"{other(letter(500))},{other(letter(500), 2)}", "1|2"),
        (520, letter(520, 4), letter(520), "0|1"),
        (522, letter(522), other(letter(522)), "1|1"),
        (560, letter(560), f"{letter(560)}GATTACA", "1/1"),
        (580, other(letter(580)), letter(580), "1|0"),
        (590, letter(590), "<DEL>", "1|0"),
        (600, letter(600), other(letter(600)), ".|0"),
        (5000, "A", "C", "1|1"),
    )
    found = haplotypes_of(source, "bob", WINDOW, genome())
    assert [str(v).split(":", 1)[1] for v in found.first[:2]] == [
        f"500:{letter(500)}:{other(letter(500))}", f"522:{letter(522)}:{other(letter(522))}"
    ]  # fmt: skip
    assert [v.position for v in found.second[:2]] == [500, 520]
    assert found.second[0].alt == other(letter(500), 2)
    assert [v.length_change_bp for v in found.first[2:]] == [7] == [v.length_change_bp for v in found.second[2:]]
    reasons = " ".join(one.reason for one in found.left_out)
    assert len(found.left_out) == 3
    for words in ("overlaps", "the first by position is kept", "symbol", "swapped"):
        assert words in reasons
    nobody = haplotypes_of(vcf((500, letter(500), other(letter(500)), "1|1")), "ann", WINDOW, genome())
    assert (nobody.first, nobody.second) == ((), ())


def test_what_is_not_phased_is_refused() -> None:
    change = (500, letter(500), other(letter(500)))
    with pytest.raises(VariantFileError, match=r"heterozygous and not phased at chr1:500 .*0/1"):
        haplotypes_of(vcf((*change, "0/1")), "bob", WINDOW, genome())
    sets = vcf((*change, "0|1:7"), (540, letter(540), other(letter(540)), "1|0:9"), form="GT:PS")
    with pytest.raises(VariantFileError, match="several sets"):
        haplotypes_of(sets, "bob", WINDOW, genome())
    with pytest.raises(VariantFileError, match=r"no sample 'eve'.*ann, bob"):
        haplotypes_of(vcf((*change, "0|1")), "eve", WINDOW, genome())
    with pytest.raises(VariantFileError, match="genotype of bob in line 3"):
        haplotypes_of(vcf((*change, "x|1")), "bob", WINDOW, genome())


@pytest.mark.parametrize("reverse", [False, True])
def test_joint_effect_against_brute_force(reverse: bool) -> None:
    """An insertion, a substitution and a deletion: each bin from the reading in which its letters keep their place."""
    source = vcf(
        (560, letter(560), f"{letter(560)}GATTACA", "1|0"),
        (600, letter(600), other(letter(600)), "1|1"),
        (632, letter(632, 4), letter(632), "1|0"),
    )
    carried = haplotypes_of(source, "bob", WINDOW, genome())
    assert [v.length_change_bp for v in carried.first] == [7, 0, -3]
    averaging = Averaging(reverse_complement=reverse)
    found = haplotype_effects(engine(), genome(), carried, WINDOW, averaging=averaging)
    one, two, three = carried.first
    edited = LETTERS
    for variant in (three, two, one):
        start = variant.position - 1
        edited = edited[:start] + variant.alt + edited[start + len(variant.ref) :]
    runs = [False, True] if reverse else [False]
    plain = [peer(LETTERS[WINDOW.start : WINDOW.end], run) for run in runs]
    readings = {
        offset: np.mean([peer(edited[WINDOW.start + offset :][:WIDTH], run) for run in runs], axis=0)
        for offset in (0, 7, 4)
    }
    expected = np.zeros_like(plain[0])
    for number in range(len(expected)):
        bases = range(WINDOW.start + (CROP + number) * SIZE, WINDOW.start + (CROP + number + 1) * SIZE)
        there = [base for base in bases if not three.position <= base < three.position + 3]
        for base in there:
            offset = 0 if base < one.position else 7 if base < three.position else 4
            expected[number] += readings[offset][number] / len(there)
    np.testing.assert_allclose(found.first.alt, expected, atol=1e-5)
    np.testing.assert_allclose(found.first.effect, expected - np.mean(plain, axis=0), atol=1e-5)
    alone = effect_of(engine(), genome(), two, averaging=averaging)
    assert alone.window == WINDOW
    np.testing.assert_allclose(found.second.effect, alone.effect, atol=1e-6)
    np.testing.assert_allclose(found.joint(2), found.sum_of_singles(2), atol=1e-6)
    total = sum(found.singles[variant] for variant in carried.first)
    np.testing.assert_allclose(found.sum_of_singles(1), total)
    assert np.abs(found.joint(1) - total).max() > 1e-5


def test_no_variants_and_a_wrong_window() -> None:
    carried = haplotypes_of(vcf((600, letter(600), other(letter(600)), "0|1")), "bob", WINDOW, genome())
    found = haplotype_effects(engine(), genome(), carried, WINDOW, tracks=[1])
    assert (found.first, found.joint(1), found.sum_of_singles(1)) == (None, None, None)
    assert found.second.label == "1 variant together"
    with pytest.raises(SelectionError, match="beyond the window"):
        haplotype_effects(engine(), genome(), carried, WINDOW.shift(24))


def test_the_playgrounds_people() -> None:
    """Every genotype of a stretch of the shipped VCF is carried by the right haplotype."""
    place = Interval("sim4", 475_000, 525_000)
    lines = gzip.decompress(playground_people().read_bytes()).decode().splitlines()
    samples = samples_of(playground_people())
    assert samples == tuple(next(line for line in lines if line.startswith("#CHROM")).split("\t")[9:])
    found = haplotypes_of(playground_people(), samples[3], place, open_genome("playground"))
    assert found.left_out == ()
    for copy, carried in ((0, found.first), (2, found.second)):
        expected = []
        for columns in (line.split("\t") for line in lines if line.startswith("sim4")):
            if place.start < int(columns[1]) <= place.end and columns[12][copy] == "1":
                expected.append(Variant(columns[0], int(columns[1]), columns[3], columns[4]))
        assert list(carried) == expected
        assert len(expected) > 5
