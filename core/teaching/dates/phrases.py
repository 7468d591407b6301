"""Dates as people say and write them, and which words say each digit: the known alignment.

The rule, for each of the eight digits of "1999-04-23" (hyphens and the end are not scored):

- A digit that is spoken is *said* by its word: 1 and 9 by "nineteen", 9 by "ninety" and the last 9
  by "nine"; both digits of 04 by "April"; 2 by "twenty" and 3 by "third"; both digits of 13 by
  "thirteenth"; the zero of "oh five" by "oh"; both zeros of "nineteen hundred" by "hundred"; the
  zeros that end "two thousand" by "thousand". A digit that is written is said by itself.
- A zero that nobody says is only *implied*, and every word that shows it is right: the day's words
  for the first digit of a day below ten; in a year the scale word ("hundred", "thousand") before
  the gap and the first number word after it: "thousand" or "five" in "two thousand and five".

These are the sure and the possible links of Och and Ney 2003: said links are sure, and possible
means said or implied.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from core.teaching.dates.words import MONTHS, SHORT_MONTHS, WEEKDAYS, Span, Writer, ordinal_suffix

FIRST_YEAR, LAST_YEAR = 1000, 2099
TARGET_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9)  # places of the digits in "yyyy-mm-dd"
LEAD_INS = ("on", "born on", "dated", "it was", "it happened on", "today is")


@dataclass(frozen=True)
class Link:
    """Places in the source text of the words that say a digit, and of those that only imply it."""

    said: tuple[Span, ...] = ()
    implied: tuple[Span, ...] = ()


@dataclass(frozen=True)
class DatePhrase:
    """One sentence pair.

    Attributes
    ----------
    text : the date in words.
    target : the date as yyyy-mm-dd.
    links : one for each character of `target`; empty for "-".
    """

    text: str
    target: str
    links: tuple[Link, ...]


def _written(writer: Writer, digits: str) -> list[Link]:
    start, _ = writer.say(digits)
    return [Link(said=((start + i, start + i + 1),)) for i in range(len(digits))]


def _tens_and_ones(writer: Writer, number: int, hyphen: str, scale: Span) -> list[Link]:
    """The last two digits of a year, said after a scale word; unsaid zeros are implied."""
    tens, ones = writer.below_hundred(number, hyphen)
    return [Link(said=tens) if tens else Link(implied=(scale, *ones)), Link(said=ones)]


def say_year(writer: Writer, year: int, style: str, *, hyphen: str = "-", joined: bool = True) -> list[Link]:
    """Append a year; returns the links of its four digits.

    Parameters
    ----------
    style : "digits"; "pairs", nineteen eighty-four, nineteen oh five, nineteen hundred; "hundreds",
        nineteen hundred and five; or "thousands", two thousand and five.
    joined : say "and" where the style has one.
    """
    high, low = divmod(year, 100)
    thousand, hundreds = divmod(high, 10)
    if style == "digits":
        return _written(writer, f"{year:04}")
    if style in {"pairs", "hundreds"} and hundreds == 0 and low == 0:
        style = "thousands"  # nobody says "twenty hundred"
    if style == "thousands":
        first = writer.below_hundred(thousand, hyphen)[1]
        scale = writer.say("thousand")
        links = [Link(said=first)]
        if hundreds:
            links.append(Link(said=writer.below_hundred(hundreds, hyphen)[1]))
            scale = writer.say("hundred")
        if low == 0:
            return links + [Link(said=(scale,))] * (4 - len(links))
        if joined:
            writer.say("and")
        ending = _tens_and_ones(writer, low, hyphen, scale)
        if not hundreds:
            after = ending[0].said or ending[1].said
            links.append(Link(implied=(scale, *after)))
        return links + ending
    links = [Link(said=said) for said in writer.below_hundred(high, hyphen)]
    if low == 0 or style == "hundreds":
        scale = writer.say("hundred")
        if low == 0:
            return [*links, Link(said=(scale,)), Link(said=(scale,))]
        if joined:
            writer.say("and")
        return links + _tens_and_ones(writer, low, hyphen, scale)
    if low < 10:
        zero = writer.say("oh")
        return [*links, Link(said=(zero,)), Link(said=writer.below_hundred(low, hyphen)[1])]
    return links + [Link(said=said) for said in writer.below_hundred(low, hyphen)]


def say_day(writer: Writer, day: int, style: str, *, hyphen: str = "-") -> list[Link]:
    """Append a day; `style` is "words" (third), "suffix" (3rd) or "digits" (3). Returns two links."""
    if style == "words":
        tens, ones = writer.ordinal(day, hyphen)
        return [Link(said=tens) if tens else Link(implied=ones), Link(said=ones)]
    links = _written(writer, str(day))
    everything = links[0].said
    if style == "suffix":
        everything += (writer.say(ordinal_suffix(day), ""),)
    return links if day > 9 else [Link(implied=everything), *links]


def say_month(writer: Writer, month: int, *, short: bool = False) -> list[Link]:
    """Append a month, "September" or "Sept"; both its digits are said by that word."""
    place = writer.say((SHORT_MONTHS if short else MONTHS)[month - 1])
    return [Link(said=(place,))] * 2


def year_styles(year: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """How a year may be said, and how often each way is drawn."""
    if year // 100 % 10 == 0:
        return ("pairs", "thousands", "digits"), (0.35, 0.4, 0.25)
    return ("pairs", "hundreds", "thousands", "digits"), (0.55, 0.12, 0.08, 0.25)


def phrase(date: datetime.date, rng: np.random.Generator) -> DatePhrase:
    """One of the many ways to say `date`, drawn with `rng`."""
    chance = rng.random(12)
    hyphen = "-" if chance[0] < 0.6 else " "
    writer = Writer()
    if chance[1] < 0.3:
        writer.say(LEAD_INS[0 if chance[1] < 0.15 else int(rng.integers(1, len(LEAD_INS)))])
    if chance[2] < 0.25:
        writer.say(WEEKDAYS[date.weekday()] + ("," if chance[3] < 0.7 else ""))
    styles, weights = year_styles(date.year)
    year_style = str(rng.choice(styles, p=weights))
    # Written years go with written days more often than not.
    day_style = str(
        rng.choice(["words", "suffix", "digits"], p=[0.2, 0.4, 0.4] if year_style == "digits" else [0.8, 0.1, 0.1])
    )
    short = chance[4] < 0.08
    if chance[5] < 0.55:
        if chance[6] < 0.7:
            writer.say("the")
        day = say_day(writer, date.day, day_style, hyphen=hyphen)
        if chance[7] < 0.7:
            writer.say("of")
        month = say_month(writer, date.month, short=short)
    else:
        month = say_month(writer, date.month, short=short)
        if chance[6] < 0.25:
            writer.say("the")
        day = say_day(writer, date.day, day_style, hyphen=hyphen)
    if chance[8] < 0.4:
        writer.say(",", "")
    year = say_year(writer, date.year, year_style, hyphen=hyphen, joined=bool(chance[9] < 0.6))
    if chance[10] < 0.1:
        writer.say(".", "")
    text = writer.text
    if chance[11] < 0.15:
        text = text.upper()
    elif chance[11] < 0.4:
        text = text.lower()
    hyphens = [Link()]
    return DatePhrase(text, date.isoformat(), (*year, *hyphens, *month, *hyphens, *day))
