"""What was reused, in words."""

from __future__ import annotations

import pytest

from core.runtime_dna import Took
from dashboard.tracks.speed import took_words


@pytest.mark.parametrize(
    ("took", "words"),
    [
        (Took(7.0, 0.98, 40.0), "Reused 98 % of the tower: 7 s instead of about 40 s."),
        (Took(0.1, 0.4, 0.3), "Reused 40 % of the tower."),
        (Took(9.0, 0.9999, None), "Reused 100 % of the tower."),
        (Took(50.0, 0.5, 40.0), "Reused 50 % of the tower."),
    ],
)
def test_words(took, words):
    assert took_words(took) == words
