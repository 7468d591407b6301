"""Seqlets of scores whose sites are known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.attribution.seqlets import seqlets
from core.errors import SelectionError
from tests.core.attribution.motif_toys import planted

SITE = "CCACCAGGGGGCGC"


def test_a_site_is_called_with_its_place_and_sum():
    scores = planted((400, SITE, 1.0), (700, SITE, -0.5), start=2_000)
    found = seqlets(scores)
    assert [(s.start, s.end) for s in found] == [(2_400, 2_414), (2_700, 2_714)]
    assert found[0].contribution == pytest.approx(scores.per_base[400:414].sum(), rel=1e-5)
    assert found[1].contribution < 0
    assert max(s.p_value for s in found) < 1e-3


def test_noise_alone_is_called_as_rarely_as_the_p_value_says():
    scores = planted(length=20_000)
    found = seqlets(scores, most_p=1e-4, least_share=0)
    # 20,000 overlapping sums of Laplace noise; each seqlet uses up about ten of them.
    assert len(found) <= 5
    assert len(seqlets(scores, most_p=0.1, least_share=0, most=10_000)) > 50


def test_the_largest_come_first_and_none_overlap():
    scores = planted((100, SITE, 0.2), (300, SITE, 1.0), (500, SITE, 0.5))
    assert [s.start for s in seqlets(scores, most=2)] == [300, 500]
    assert [s.start for s in seqlets(scores, least_share=0.4)] == [300, 500]
    noisy = replace(scores, values=(scores.values + 0.05 * (scores.values != 0)).astype(np.float32))
    places = [(s.start, s.end) for s in seqlets(noisy, most_p=1.0, least_share=0)]
    assert all(end <= begin for (_, end), (begin, _) in pairwise(places))


def test_what_was_not_computed_ends_a_stretch():
    scores = planted((400, SITE, 1.0))
    values = scores.values.copy()
    values[407:] = np.nan
    found = seqlets(replace(scores, values=values))
    assert all(s.end <= 407 for s in found)
    assert seqlets(replace(scores, values=np.full_like(values, np.nan))) == ()
    assert seqlets(replace(scores, values=np.zeros_like(values))) == ()


def test_numbers_that_cannot_be_used_are_refused():
    scores = planted()
    for wrong in ({"width": 2}, {"most_p": 0}, {"least_share": 2}, {"most": 0}):
        with pytest.raises(SelectionError, match="Seqlets were asked"):
            seqlets(scores, **wrong)
