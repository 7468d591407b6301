"""English number words, months and weekdays, written down with the places of what they say."""

from __future__ import annotations

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SHORT_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = (
    "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
)  # fmt: skip
TENTHS = ("", "", "twentieth", "thirtieth")

Span = tuple[int, int]


class Writer:
    """A text that grows by words and remembers where each one stands."""

    def __init__(self) -> None:
        self.text = ""

    def say(self, word: str, glue: str = " ") -> Span:
        """Append `word`; returns its half-open character range. `glue` goes before it, but not at the start."""
        if self.text:
            self.text += glue
        start = len(self.text)
        self.text += word
        return start, len(self.text)

    def below_hundred(self, number: int, hyphen: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """Say 1 to 99; returns the places of the words that say its tens and its ones.

        Tens that nobody says ("five") have no place; "thirteen" and "thirty" say both digits.
        """
        if number < 10:
            return (), (self.say(NUMBERS[number]),)
        if number < 20:
            word = (self.say(NUMBERS[number]),)
            return word, word
        tens = (self.say(TENS[number // 10]),)
        return (tens, (self.say(NUMBERS[number % 10], hyphen),)) if number % 10 else (tens, tens)

    def ordinal(self, number: int, hyphen: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """Say "first" to "thirty-first"; returns like `below_hundred`."""
        if number < 10:
            return (), (self.say(ORDINALS[number]),)
        if number < 20:
            word = (self.say(ORDINALS[number]),)
            return word, word
        if number % 10 == 0:
            word = (self.say(TENTHS[number // 10]),)
            return word, word
        return (self.say(TENS[number // 10]),), (self.say(ORDINALS[number % 10], hyphen),)


def ordinal_suffix(number: int) -> str:
    """ "st", "nd", "rd" or "th", as in 1st, 22nd, 13th."""
    if 10 <= number % 100 < 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
