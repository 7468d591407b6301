"""Head scores in plain words: what each score means, what a head seems to do, and the best heads for a score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.errors import SelectionError

if TYPE_CHECKING:
    import pandas

# More than half of a head's attention: more than on all other tokens together.
MAINLY = 0.5
# A quarter is far from accident in a sentence of ten tokens or more, provided that it is also twice chance.
PARTLY = 0.25
TIMES_CHANCE = 2.0
# Of the entropy of an even head. At 0.85 a head uses as many tokens as an even look at 12 of 18.
WIDE = 0.85
# Of the distance of an even head. Half as far cannot come from the mask alone, which chance already holds.
NEAR = 0.5


@dataclass(frozen=True)
class Score:
    """What people should know about a score.

    Attributes
    ----------
    name : the column in a frame of `core.language.scores`.
    title : what a head with this pattern does, as in "Find me a head that looks one token back".
    sentence : what is measured and why it matters, for students.
    high_is_special : True when high values stand out; False when low ones do.
    unit : "share" (of a row's attention, 0 to 1), "bits" or "tokens".
    """

    name: str
    title: str
    sentence: str
    high_is_special: bool
    unit: Literal["share", "bits", "tokens"]


SCORES: dict[str, Score] = {
    score.name: score
    for score in (
        Score(
            "previous_token",
            "looks one token back",
            "Mean attention from each token to the one just before it. Such heads tell a token what it follows, "
            "which the copying heads of later layers build on.",
            True,
            "share",
        ),
        Score(
            "next_token",
            "looks one token ahead",
            "Mean attention from each token to the one just after it. A decoder such as GPT-2 may not look ahead, so "
            "there it is always 0.",
            True,
            "share",
        ),
        Score(
            "self",
            "looks at itself",
            "Mean attention from each token to itself.",
            True,
            "share",
        ),
        Score(
            "first_token",
            "rests on the first token",
            "Mean attention to the first token. The weights of a row must sum to 1, so a head with nothing to say "
            "parks its attention there: an attention sink, not a link in meaning.",
            True,
            "share",
        ),
        Score(
            "last_token",
            "rests on the last token",
            "Mean attention to the last token, which in an encoder is a mark such as [SEP] and often a second place "
            "to park attention. Not defined for a decoder, whose tokens cannot see the last one.",
            True,
            "share",
        ),
        Score(
            "induction",
            "copies: looks at what followed the same token before",
            "When a token comes up again, mean attention to the token that followed it the first time. Such "
            "induction heads let a model continue a pattern that it has only just read.",
            True,
            "share",
        ),
        Score(
            "same_word",
            "looks at the same word elsewhere",
            "For words that occur more than once, mean attention to their other occurrences.",
            True,
            "share",
        ),
        Score(
            "entropy",
            "looks at few tokens",
            "How widely attention is spread, in bits: 0 is one token, 1 is two tokens evenly, 2 is four. Low is "
            "focused; high is close to an average over everything.",
            False,
            "bits",
        ),
        Score(
            "mean_distance",
            "looks close by",
            "How many tokens away a head looks on average. Low heads read the neighbourhood; high heads reach across "
            "the sentence, or rest on its first token.",
            False,
            "tokens",
        ),
    )
}

_SINKS = ("first_token", "last_token")
_WHERE = {
    "previous_token": "on the token just before",
    "next_token": "on the token just after",
    "self": "on the token itself",
    "first_token": "on the first token",
    "last_token": "on the last token",
    "induction": "on what followed the same token before",
    "same_word": "on other occurrences of the same word",
}


def _pattern(row: Mapping[str, Any], names: tuple[str, ...], least: float) -> str | None:
    """The score that lies furthest above chance, as a share of what it could, among those of `least` and more."""
    found = [
        name
        for name in names
        if row[name] >= least and row[name] >= TIMES_CHANCE * row[f"chance_{name}"]  # False for NaN
    ]
    return max(
        found, key=lambda name: (row[name] - row[f"chance_{name}"]) / (1 - row[f"chance_{name}"] + 1e-9), default=None
    )


def _phrase(row: Mapping[str, Any], name: str) -> str:
    return f"{SCORES[name].title} ({row[name]:.2f}; chance {row[f'chance_{name}']:.2f})"


def role(row: Mapping[str, Any]) -> str:
    """What a head seems to do, in a few words, for example "looks one token back (0.97; chance 0.12)".

    A pattern is named when it takes half of the attention, and else when it takes a quarter; in
    both cases it must be at least twice chance. A head that mainly rests on the first or last token
    is also named by what it does with the rest. Then come heads that spread widely (entropy at
    least 0.85 of an even head's) and heads that look close by (at most half an even head's
    distance). The words describe averages; they do not say what the head is for.

    Parameters
    ----------
    row : a row of a frame of `core.language.scores` (a pandas Series or a dict). NaN scores are
        passed over.
    """
    patterns = tuple(name for name in _WHERE if name not in _SINKS)
    if main := _pattern(row, patterns, MAINLY):
        return _phrase(row, main)
    part = _pattern(row, patterns, PARTLY)
    if sink := _pattern(row, _SINKS, MAINLY):
        rests = _phrase(row, sink)
        return f"{rests}, else {_phrase(row, part)}" if part else rests
    if part:
        return f"in part {_phrase(row, part)}"
    if row["entropy"] >= WIDE * row["chance_entropy"] > 0:
        return f"spreads widely (over {2 ** row['entropy']:.0f} tokens; an even head {2 ** row['chance_entropy']:.0f})"
    if sink := _pattern(row, _SINKS, PARTLY):
        return f"in part {_phrase(row, sink)}"
    if row["mean_distance"] <= NEAR * row["chance_mean_distance"]:
        return f"looks close by ({row['mean_distance']:.1f} tokens away; chance {row['chance_mean_distance']:.1f})"
    return "no simple pattern"


def _sentence(score: Score, layer: int, head: int, value: float, chance: float) -> str:
    who = f"Layer {layer}, head {head}"
    if score.unit == "share" and chance == 0:
        return f"{who} is kept by the mask from looking at {_WHERE[score.name].removeprefix('on ')}."
    if score.unit == "share":
        return (
            f"{who} puts {value:.2f} of its attention {_WHERE[score.name]}; a head that looks evenly puts "
            f"{chance:.2f} there."
        )
    if score.unit == "bits":
        return (
            f"{who} spreads its attention as widely as an even look at {2**value:.1f} tokens ({value:.2f} bits); "
            f"a head that looks evenly at all it may, {2**chance:.1f} ({chance:.2f} bits)."
        )
    return f"{who} looks {value:.1f} tokens away on average; a head that looks evenly, {chance:.1f}."


def ranking(frame: pandas.DataFrame, score: str, *, descending: bool | None = None) -> pandas.DataFrame:
    """All heads, the best for `score` first.

    Parameters
    ----------
    frame : from `core.language.head_scores` or `core.language.scores.result_scores`.
    score : a name in `SCORES`.
    descending : highest first; by default what is special comes first (`Score.high_is_special`).

    Returns
    -------
    pandas.DataFrame
        ``layer``, ``head``, ``score``, ``chance``, ``times_chance`` (NaN where chance is 0) and
        ``sentence``. Heads for which the score is not defined are left out.

    Raises
    ------
    SelectionError
        There is no such score.
    """
    import pandas

    if score not in SCORES:
        raise SelectionError(f"There is no head score {score[:40]!r}; choose one of: {', '.join(SCORES)}.")
    what = SCORES[score]
    found = pandas.DataFrame(
        {
            "layer": frame["layer"],
            "head": frame["head"],
            "score": frame[score],
            "chance": frame[f"chance_{score}"],
        }
    ).dropna()
    ratio = found["score"] / found["chance"].where(found["chance"] > 0)
    found["times_chance"] = ratio.where(ratio < math.inf)
    falling = what.high_is_special if descending is None else descending
    found = found.sort_values(["score", "layer", "head"], ascending=[not falling, True, True], ignore_index=True)
    found["sentence"] = [
        _sentence(what, row.layer, row.head, row.score, row.chance) for row in found.itertuples(index=False)
    ]
    return found
