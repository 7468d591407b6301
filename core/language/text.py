"""A person's text, made safe for a tokenizer, and tokens made readable for a person."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import regex

from core.errors import EmptyTextError, TextTooLongError

_LETTERS = r"[[\p{L}\p{M}\p{N}_]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]]"
_WORD = regex.compile(rf"{_LETTERS}+(?:['’]{_LETTERS}+)*|\X", regex.V1)
_KEPT_CONTROLS = "\n\t"


@dataclass(frozen=True)
class PreparedText:
    """Text that a tokenizer can take, and sentences about what was left out."""

    text: str
    notes: tuple[str, ...] = ()


def _is_unwanted(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {"Cc", "Cs"} and character not in _KEPT_CONTROLS


def prepare_text(text: str, *, max_characters: int | None = None) -> PreparedText:
    """Leave out control characters and lone surrogates, keep everything else as typed.

    Raises
    ------
    EmptyTextError
        Nothing but spaces is left.
    TextTooLongError
        More than `max_characters`.
    """
    if max_characters is not None and len(text) > max_characters:
        raise TextTooLongError(
            f"The text has {len(text):,} characters and at most {max_characters:,} are taken; "
            f"cut it, for example after “…{text[max_characters - 30 : max_characters]}”.",
            kept_text=text[:max_characters],
            tokens=len(text),
            limit=max_characters,
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    unwanted = [c for c in text if _is_unwanted(c)]
    notes = []
    if unwanted:
        text = "".join(c for c in text if not _is_unwanted(c))
        names = ", ".join(sorted({f"U+{ord(c):04X}" for c in unwanted})[:5])
        one = len(unwanted) == 1
        notes.append(
            f"{len(unwanted)} control character{'' if one else 's'} ({names}) {'was' if one else 'were'} left out: "
            "models never saw such characters as text."
        )
    if not text.strip():
        given = "are only control characters" if unwanted else "are only spaces" if text else "is no text"
        raise EmptyTextError(
            f"There {given} here; type a sentence, for example: The quick brown fox jumps over the lazy dog."
        )
    return PreparedText(text, tuple(notes))


def split_words(text: str) -> list[tuple[int, int]]:
    """Character spans of words and marks: "didn't" is one word, an emoji or a Chinese character is one mark."""
    return [match.span() for match in _WORD.finditer(text) if not match.group().isspace()]


def words_of_tokens(
    text: str, offsets: list[tuple[int, int]], special: tuple[bool, ...], tokens: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Group tokens into the words that they spell.

    Parameters
    ----------
    offsets : character range of each token in `text`; a leading space may be included.

    Returns
    -------
    words, and for each its half-open token range. Tokens that spell parts of one word are joined; a
    token of several marks, such as "..." or '."', is one word. A space that is a token of its own
    goes with what follows; special tokens and line ends stand alone.
    """
    spans = split_words(text)
    word_at = {place: number for number, (start, end) in enumerate(spans) for place in range(start, end)}

    def spelled_words(index: int) -> list[int]:
        if special[index]:
            return []
        start, end = offsets[index]
        piece = text[start:end]
        if piece.isspace() and "\n" not in piece:
            end += 1
        return [word_at[place] for place in range(start, end) if place in word_at]

    words: list[str] = []
    ranges: list[tuple[int, int]] = []
    first = last = -1
    for index, token in enumerate(tokens):
        numbers = spelled_words(index)
        if numbers and numbers[0] <= last:
            last = max(last, numbers[-1])
            ranges[-1] = (ranges[-1][0], index + 1)
        else:
            first, last = (numbers[0], numbers[-1]) if numbers else (-1, -1)
            words.append("")
            ranges.append((index, index + 1))
        if numbers:
            words[-1] = text[spans[first][0] : spans[last][1]]
        else:
            words[-1] = token if special[index] else readable(text[slice(*offsets[index])])
    return tuple(words), tuple(ranges)


def readable(piece: str) -> str:
    """A piece of text as a label: its leading space as "·", line ends and tabs as arrows."""
    shown = piece.replace("\n", "⏎").replace("\t", "⇥")
    if shown.startswith(" "):
        shown = "·" + shown[1:]
    return shown.replace(" ", "·") if not shown.strip("· ") else shown
