"""Head scores in words."""

from __future__ import annotations

import numpy as np
import pandas
import pytest

from core.errors import SelectionError
from core.language.roles import SCORES, ranking, role
from core.language.scores import head_scores, result_scores
from core.language.tally import SCORE_NAMES
from tests.core.language.toys import result, sequence


def row_of(**scores):
    """A head of a decoder that looks at about five of eight tokens without a pattern, but for what is given."""
    row = dict.fromkeys(SCORE_NAMES, 0.1) | {"last_token": np.nan, "entropy": 2.3, "mean_distance": 2.5}
    chance = dict.fromkeys(SCORE_NAMES, 0.12) | {"last_token": np.nan, "entropy": 3.0, "mean_distance": 3.0}
    return row | {f"chance_{name}": value for name, value in chance.items()} | scores


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ({"previous_token": 0.97}, "looks one token back (0.97; chance 0.12)"),
        ({"next_token": 0.67}, "looks one token ahead (0.67; chance 0.12)"),
        ({"self": 0.8}, "looks at itself (0.80; chance 0.12)"),
        (
            {"induction": 0.96, "chance_induction": 0.01, "first_token": 0.7},
            "copies: looks at what followed the same token before (0.96; chance 0.01)",
        ),
        ({"same_word": 0.6}, "looks at the same word elsewhere (0.60; chance 0.12)"),
        ({"first_token": 0.8}, "rests on the first token (0.80; chance 0.12)"),
        ({"last_token": 0.8, "chance_last_token": 0.1}, "rests on the last token (0.80; chance 0.10)"),
        (
            {"first_token": 0.57, "previous_token": 0.37},
            "rests on the first token (0.57; chance 0.12), else looks one token back (0.37; chance 0.12)",
        ),
        ({"previous_token": 0.3}, "in part looks one token back (0.30; chance 0.12)"),
        ({"first_token": 0.3}, "in part rests on the first token (0.30; chance 0.12)"),
        ({"entropy": 2.9}, "spreads widely (over 7 tokens; an even head 8)"),
        ({"mean_distance": 1.4}, "looks close by (1.4 tokens away; chance 3.0)"),
        ({}, "no simple pattern"),
        ({"self": 0.6, "chance_self": 0.4}, "no simple pattern"),  # more than half, but not twice chance
        (dict.fromkeys(SCORE_NAMES, np.nan), "no simple pattern"),
    ],
)
def test_roles(scores, words):
    assert role(row_of(**scores)) == words
    assert role(pandas.Series(row_of(**scores))) == words


def test_an_even_head_spreads_widely_and_has_no_pattern():
    even = np.tril(np.ones((9, 9))) / np.arange(1, 10)[:, None]
    frame = result_scores(result(even, sequence(*"abcabdeaf"), kind="causal"))
    assert role(frame.iloc[0]).startswith("spreads widely")


def test_every_score_is_explained():
    assert tuple(SCORES) == SCORE_NAMES
    for score in SCORES.values():
        assert score.sentence.endswith(".")
        assert score.title
        assert not score.title[0].isupper()


def test_ranking_of_shares():
    frame = pandas.DataFrame(
        {"layer": [0, 0, 1], "head": [0, 1, 0], "self": [0.2, 0.9, np.nan], "chance_self": [0.1, 0.1, np.nan]}
    )
    found = ranking(frame, "self")
    assert list(found.columns) == ["layer", "head", "score", "chance", "times_chance", "sentence"]
    assert found[["layer", "head"]].to_numpy().tolist() == [[0, 1], [0, 0]]
    assert found["times_chance"].tolist() == pytest.approx([9, 2])
    assert found["sentence"][0] == (
        "Layer 0, head 1 puts 0.90 of its attention on the token itself; a head that looks evenly puts 0.10 there."
    )
    assert ranking(frame, "self", descending=False)["score"].tolist() == [0.2, 0.9]


def test_ranking_of_bits_and_tokens_starts_with_the_lowest():
    frame = pandas.DataFrame(
        {
            "layer": [0, 0],
            "head": [0, 1],
            "entropy": [2.0, 1.0],
            "chance_entropy": [3.0, 3.0],
            "mean_distance": [4.0, 5.0],
            "chance_mean_distance": [4.0, 4.0],
        }
    )
    assert ranking(frame, "entropy")["sentence"][0] == (
        "Layer 0, head 1 spreads its attention as widely as an even look at 2.0 tokens (1.00 bits); "
        "a head that looks evenly at all it may, 8.0 (3.00 bits)."
    )
    assert ranking(frame, "mean_distance")["sentence"][0] == (
        "Layer 0, head 0 looks 4.0 tokens away on average; a head that looks evenly, 4.0."
    )


def test_ranking_of_what_the_mask_forbids_and_of_nothing(random_model):
    causal = head_scores(random_model("gpt2"), "The fox and the dog")
    ahead = ranking(causal, "next_token")
    assert ahead["times_chance"].isna().all()
    assert ahead["sentence"][0] == "Layer 0, head 0 is kept by the mask from looking at the token just after."
    assert len(ranking(causal, "last_token")) == 0
    with pytest.raises(SelectionError, match="choose one of: previous_token, next_token"):
        ranking(causal, "prettiest")
