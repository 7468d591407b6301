"""Numbers of effects as people read them: three significant digits, a proper minus, a change with its sign."""

from __future__ import annotations

import math

DIGITS = 3
LEAST = 1e-4  # of a track's unit: below it a change is written as almost none


def value_text(value: float | None, digits: int = DIGITS) -> str:
    """0.01234 -> "0.0123", 12345.6 -> "12,300"; "none" where there is no number.

    >>> value_text(12.345), value_text(-0.00012345), value_text(15000.4), value_text(None)
    ('12.3', '−0.000123', '15,000', 'none')
    """
    if value is None or not math.isfinite(value):
        return "none"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(places, 8)}f}"
    if places == 0:
        text = f"{round(value, digits - 1 - math.floor(math.log10(abs(value)))):,.0f}"
    return text.replace("-", "−")


def change_text(change: float | None, digits: int = DIGITS) -> str:
    """As `value_text`, with its sign.

    >>> change_text(1.234), change_text(-0.5), change_text(0.0)
    ('+1.23', '−0.500', '0')
    """
    text = value_text(change, digits)
    return f"+{text}" if change is not None and math.isfinite(change) and change > 0 else text
