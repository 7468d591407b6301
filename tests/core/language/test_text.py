"""Text that people type."""

from __future__ import annotations

import pytest

from core.errors import EmptyTextError, TextTooLongError
from core.language.text import prepare_text, readable, split_words, words_of_tokens


def words(text):
    return [text[slice(*span)] for span in split_words(text)]


def test_words_and_marks():
    assert words("The animal didn't cross.") == ["The", "animal", "didn't", "cross", "."]
    assert words("“No,” she said – 3.5%") == ["“", "No", ",", "”", "she", "said", "–", "3", ".", "5", "%"]
    assert words("👩‍🔬 x\u0301y 東京") == ["👩‍🔬", "x\u0301y", "東", "京"]


def test_control_characters_are_left_out_and_named():
    prepared = prepare_text("a\x00b\r\nc\x1b\ud800")
    assert prepared.text == "ab\nc"
    assert prepared.notes == (
        "3 control characters (U+0000, U+001B, U+D800) were left out: models never saw such characters as text.",
    )


def test_everything_else_stays_as_typed():
    text = "  <script>alert('x')</script> שלום e\u0301 👩‍🔬 \u200fend "
    assert prepare_text(text) == prepare_text(text).__class__(text)


def test_nothing_but_spaces():
    with pytest.raises(EmptyTextError, match="There is no text here"):
        prepare_text("")
    with pytest.raises(EmptyTextError, match="There are only spaces here"):
        prepare_text(" \u00a0 ")


def test_too_many_characters():
    with pytest.raises(TextTooLongError, match="12 characters and at most 10") as caught:
        prepare_text("abcdefghijkl", max_characters=10)
    assert caught.value.kept_text == "abcdefghij"


def test_tokens_join_into_words():
    text = "didn't 👍"
    tokens = ("[CLS]", "did", "n't", " ", "f0", "9f")
    offsets = [(0, 0), (0, 3), (3, 6), (6, 7), (7, 8), (7, 8)]
    assert words_of_tokens(text, offsets, (True, False, False, False, False, False), tokens) == (
        ("[CLS]", "didn't", "👍"),
        ((0, 1), (1, 3), (3, 6)),
    )


def test_labels_show_spaces_and_line_ends():
    assert readable(" fox") == "·fox"
    assert readable("\n") == "⏎"
    assert readable("  ") == "··"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["no", '."'], ["no", '."']),
        (["Oh", "...", " no", "--", "never"], ["Oh", "...", "no", "--", "never"]),
        (["didn", "'", "t", " it", "'s"], ["didn't", "it's"]),
        (["東", "京", " x"], ["東", "京", "x"]),
        (["a", "\n", "\n", "b"], ["a", "⏎", "⏎", "b"]),
        (["s.", "A"], ["s.", "A"]),
        (["wor", "d, a", "nd"], ["word, and"]),
    ],
)
def test_words_of_pieces(pieces, expected):
    text = "".join(pieces)
    ends = [sum(map(len, pieces[: i + 1])) for i in range(len(pieces))]
    offsets = [(end - len(piece), end) for piece, end in zip(pieces, ends, strict=True)]
    words, spans = words_of_tokens(text, offsets, (False,) * len(pieces), tuple(pieces))
    assert list(words) == expected
    assert spans[0][0] == 0
    assert spans[-1][1] == len(pieces)
