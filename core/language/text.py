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


def prepare_text(text: str, *, max_characters: int = 20_000) -> PreparedText:
    """Leave out control characters and lone surrogates, keep everything else as typed.

    Raises
    ------
    EmptyTextError
        Nothing but spaces is left.
    TextTooLongError
        More than `max_characters`.
    """
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
        given = "only spaces" if text else "no text"
        raise EmptyTextError(
            f"There is {given if not unwanted else 'nothing but control characters'} here; "
            "type a sentence, for example: The quick brown fox jumps over the lazy dog."
        )
    if len(text) > max_characters:
        raise TextTooLongError(
            f"The text has {len(text):,} characters and at most {max_characters:,} are taken; "
            f"cut it, for example after “…{text[max_characters - 30 : max_characters]}”.",
            kept_text=text[:max_characters],
            tokens=len(text),
            limit=max_characters,
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
    words, and for each its half-open token range. A token belongs to the word in which its first
    character that is not a space lies; special tokens and line ends stand alone.
    """
    word_at = {}
    spans = split_words(text)
    for number, (start, end) in enumerate(spans):
        for place in range(start, end):
            word_at[place] = number

    def word_number(index: int) -> int | None:
        start, end = offsets[index]
        if special[index]:
            return None
        if text[start:end].isspace() and "\n" not in text[start:end] and text[end : end + 1].strip():
            end += 1  # a space that is a token of its own is spelled with the mark after it
        return next((word_at[p] for p in range(start, end) if p in word_at), None)

    words: list[str] = []
    ranges: list[tuple[int, int]] = []
    previous: int | None = None
    for index in range(len(tokens)):
        number = word_number(index)
        if number is not None and number == previous:
            ranges[-1] = (ranges[-1][0], index + 1)
        else:
            label = readable(text[slice(*offsets[index])]) if not special[index] else tokens[index]
            words.append(label if number is None else text[slice(*spans[number])])
            ranges.append((index, index + 1))
        previous = number
    return tuple(words), tuple(ranges)


def readable(piece: str) -> str:
    """A piece of text as a label: its leading space as "·", line ends and tabs as arrows."""
    shown = piece.replace("\n", "⏎").replace("\t", "⇥")
    if shown.startswith(" "):
        shown = "·" + shown[1:]
    return shown.replace(" ", "·") if not shown.strip("· ") else shown
