"""Scans against every word there is, and sites that are gained and lost against sites that were planted."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from core.attribution.motif_changes import FLANK_BP, changed_part, gained_and_lost
from core.attribution.motif_library import Motif, MotifLibrary, jaspar
from core.attribution.motif_scan import STEP_BITS, scan, score_table
from core.attribution.q_values import q_values
from core.errors import SelectionError, SequenceError
from core.genome import Interval
from core.genome.sequence import reverse_complement
from tests.core.attribution.motif_toys import best_site, random_letters

SHORT = Motif(
    "short", "X1.1", ("F",), (), np.array([[9, 1, 0, 0], [0, 5, 5, 0], [1, 1, 7, 1], [0, 0, 0, 3]], np.float32)
)


def test_q_values_by_hand():
    np.testing.assert_allclose(q_values(np.array([0.04, 0.01, 0.03, 0.5])), [0.16 / 3, 0.04, 0.16 / 3, 0.5])
    np.testing.assert_allclose(q_values(np.array([[0.01], [0.02]]), tests=100), [[1.0], [1.0]])
    assert q_values(np.zeros(0)).shape == (0,)
    with pytest.raises(ValueError):
        q_values(np.array([0.1, 1.1]))


def test_p_values_are_those_of_all_words():
    table = score_table(SHORT)
    words = np.array(list(product(range(4), repeat=4)))
    sums = table.steps[np.arange(4), words].sum(axis=1)
    wanted = np.array([(sums >= value).mean() for value in sums])
    np.testing.assert_allclose(table.p_values(sums), wanted)
    assert np.abs(table.steps * STEP_BITS - SHORT.log_odds).max() <= STEP_BITS / 2


def test_both_strands_are_scanned_and_places_are_told():
    site = best_site(jaspar().find("CTCF"))
    letters = random_letters(300)
    letters = (
        letters[:50] + site + letters[50 + len(site) : 200] + reverse_complement(site) + letters[200 + len(site) :]
    )
    found = scan(letters.lower(), "CTCF", interval=Interval("chr9", 1_000, 1_300)).head(2)
    assert set(zip(found.start, found.strand, found.position, strict=True)) == {(50, "+", 1_051), (200, "-", 1_201)}
    assert (found.letters == site).all()
    assert (found.end - found.start == len(site)).all()
    best = float(jaspar().find("CTCF").log_odds.max(axis=1).sum())
    np.testing.assert_allclose(found.score, best, atol=len(site) * STEP_BITS / 2)
    places = 2 * (300 - len(site) + 1)
    np.testing.assert_allclose(found.q_value, found.p_value * places / 2)


def test_a_site_with_an_unknown_letter_is_none():
    site = best_site(jaspar().find("CTCF"))
    assert scan(f"{site[:5]}N{site[6:]}", "CTCF", most_p=1).empty
    assert scan("ACG", "CTCF").empty
    assert scan("ACG", "CTCF").columns.tolist() == scan(site, "CTCF").columns.tolist()


def test_what_cannot_be_scanned_is_refused():
    with pytest.raises(SequenceError):
        scan("ACXG!", "CTCF")
    with pytest.raises(SequenceError, match="too many to scan"):
        scan("A" * 2_000_001, "CTCF")
    with pytest.raises(SequenceError, match="do not fill"):
        scan("ACGT", "CTCF", interval=Interval("chr1", 0, 5))
    with pytest.raises(SelectionError):
        scan("ACGT", "no such motif")


@pytest.fixture
def alleles() -> tuple[str, str]:
    """An SP1 site whose middle C becomes T."""
    left, right = random_letters(FLANK_BP, 1), random_letters(FLANK_BP, 2)
    return f"{left}GGGGCGGGG{right}", f"{left}GGGGTGGGG{right}"


def test_a_broken_site_is_lost_and_its_mirror_is_gained(alleles):
    ref, alt = alleles
    lost, gained = gained_and_lost(ref, alt, start=500), gained_and_lost(alt, ref, start=500)
    row, mirror = (table[table.matrix_id == "MA0079.5"].iloc[0] for table in (lost, gained))
    assert (row.what, row.strand, row.ref_letters, row.alt_letters) == ("lost", "+", "GGGGCGGGG", "GGGGTGGGG")
    assert row.ref_start == 500 + FLANK_BP
    assert mirror.what == "gained"
    assert row.change == -mirror.change < -5
    assert (row.ref_p, row.ref_q, row.p_value, row.q_value) == (mirror.alt_p, mirror.alt_q, row.ref_p, row.ref_q)
    assert row.ref_p < 1e-4 < row.alt_p
    assert row.url == "https://jaspar.elixir.no/matrix/MA0079.5"
    flip = {"lost": "gained", "gained": "lost", "stronger": "weaker", "weaker": "stronger"}
    assert dict(zip(lost.matrix_id, lost.what.map(flip), strict=True)) == dict(
        zip(gained.matrix_id, gained.what, strict=True)
    )


def test_the_best_site_is_that_of_a_scan(alleles):
    """The same scores as scanning each allele and keeping what touches the change, for a few motifs."""
    ref, alt = alleles
    few = MotifLibrary("r", "c", tuple(jaspar().find(name) for name in ("SP1", "CTCF", "REST", "GATA1::TAL1")))
    table = gained_and_lost(ref, alt, library=few, most_p=1, least_change=0).set_index("motif")
    tests = []
    for name, motif in zip(few.names, few.motifs, strict=True):
        for allele, letters in (("ref", ref), ("alt", alt)):
            sites = scan(letters, motif, most_p=1)
            sites = sites[(sites.start <= FLANK_BP + 4) & (sites.end > FLANK_BP + 4)]
            tests.append(sites.p_value)
            assert table.loc[name, f"{allele}_score"] == pytest.approx(sites.score.max())
            assert table.loc[name, f"{allele}_p"] == sites.p_value.min()
    every = np.concatenate(tests)
    wanted = q_values(every)[every.argmin()]
    assert table.q_value.min() == pytest.approx(wanted)


def test_an_insertion_and_a_deletion_touch_what_spans_them():
    left, right, site = random_letters(FLANK_BP, 1), random_letters(FLANK_BP, 2), best_site(jaspar().find("CTCF"))
    whole, broken = f"{left}{site}{right}", f"{left}{site[:7]}ACACA{site[7:]}{right}"
    for ref, alt, what in ((whole, broken, "lost"), (broken, whole, "gained")):
        row = gained_and_lost(ref, alt).set_index("matrix_id").loc["MA0139.2"]
        assert row.what == what
    row = gained_and_lost(left + right, whole).set_index("matrix_id").loc["MA0139.2"]
    assert (row.what, row.alt_letters) == ("gained", site)


def test_ends_of_a_chromosome_and_unknown_letters_leave_no_site():
    few = MotifLibrary("r", "c", tuple(jaspar().find(name) for name in ("SP1", "REST")))
    table = gained_and_lost("GGGGCGGGG", "GGGGTGGGG", library=few)
    assert table.motif.tolist() == ["SP1"]
    hidden = gained_and_lost("GGGGCGGGG", "GGGGNGGGG", library=few).iloc[0]
    assert hidden.what == "lost"
    assert np.isnan(hidden.alt_score)
    assert (hidden.alt_p, hidden.alt_letters, hidden.alt_start) == (1.0, "", None)


def test_alleles_that_cannot_be_compared_are_refused():
    with pytest.raises(SequenceError, match="same letters"):
        gained_and_lost("ACGT", "acgt")
    with pytest.raises(SequenceError, match="too many"):
        gained_and_lost("A" * 2_001, "A")
    with pytest.raises(SequenceError):
        gained_and_lost("AC-T", "ACGT")


def test_the_change_is_what_is_left_without_common_ends():
    assert changed_part("AACAA", "AAGAA") == (2, 3, 3)
    assert changed_part("AAAA", "AAA") == (3, 4, 3)
    assert changed_part("ACGT", "ACTTGT") == (2, 2, 4)
