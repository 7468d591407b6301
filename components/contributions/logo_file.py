"""`logo_figure`: a sequence logo as a file for print, drawn by logomaker; the browser draws its own, which is quick."""

from __future__ import annotations

import io
import textwrap
from functools import cache
from threading import Lock
from typing import Literal

import numpy as np

from components.browser_style import BROWSER_LIGHT
from components.canvas.words import MAX_TITLE_CHARACTERS, display_text
from core.attribution.values import METHOD_TITLES, ContributionScores
from core.errors import SelectionError, TooLongError

Kind = Literal["svg", "pdf", "png"]
# logomaker takes some 12 ms a letter, and a page's width has no room for more.
MAX_LETTERS = 500
LETTER_INCHES, LEAST_INCHES, MOST_INCHES = 0.14, 5.0, 24.0
HEIGHT_INCHES = 2.9
PNG_DPI = 200
TICK_LETTERS = 12  # from tick to tick, at least
COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")
# Dates would make equal logos different files.
METADATA: dict[Kind, dict[str, None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
# One at a time: settings of matplotlib are of the whole process.
_DRAWING = Lock()


@cache
def _font():
    from matplotlib import font_manager, ft2font

    return ft2font.FT2Font(font_manager.findfont("DejaVu Sans"))


def _shown(text: str) -> str:
    """One harmless line of characters that the font has."""
    line = display_text(text, most=MAX_TITLE_CHARACTERS) if text else ""
    return "".join(c if _font().get_char_index(ord(c)) else "?" for c in line)


def _tick_step(letters: int, inches: float) -> int:
    """1, 2 or 5 times a power of ten, so that positions of ten characters do not touch."""
    least = max(TICK_LETTERS, letters * 1.05 / inches)
    power = 10 ** int(np.floor(np.log10(least)))
    return next(size * power for size in (1, 2, 5, 10) if size * power >= least)


def _words(scores: ContributionScores, start: int, end: int, reverse: bool) -> str:
    """Method, place and model."""
    place = f"letters {scores.start + start + 1:,} to {scores.start + end:,} of the window"
    if scores.interval is not None:
        first = scores.interval.start + start
        place = f"{scores.interval.chrom}:{first + 1:,}-{first + end - start:,}"
    strand = ", reverse strand" if reverse else ""
    runs = f" · mean of {len(scores.runs)} runs" if len(scores.runs) > 1 else ""
    return f"{METHOD_TITLES[scores.method]} · {place}{strand}{runs} · {scores.provenance.sentence}"


def logo_figure(
    scores: ContributionScores,
    start: int,
    end: int,
    *,
    kind: Kind = "svg",
    title: str = "",
    unit: str = "",
    reverse: bool = False,
) -> bytes:
    """A logo of `scores.per_base`, letters upside down below 0, on white, with axes, title and provenance.

    Parameters
    ----------
    start, end : of the letters, 0-based and half-open in the stretch of `scores`; at most 500 letters.
    kind : "svg" or "pdf" (outlines, for a journal) or "png" (200 pixels an inch).
    title : over the logo; the target in words where it is "".
    unit : of the contributions, for the axis.
    reverse : from right to left with complementary letters, as the reverse strand reads.

    Returns
    -------
    bytes
        The file. Equal input gives equal bytes.

    Raises
    ------
    SelectionError
        The stretch is not of these scores, or the kind is none.
    TooLongError
        More than 500 letters.
    """
    if kind not in METADATA:
        raise SelectionError(f"A logo cannot be written as {kind!r}. Choose svg, pdf or png.")
    if not 0 <= start < end <= len(scores):
        raise SelectionError(
            f"Letters {start:,} to {end:,} are not of these scores, which hold {len(scores):,} letters. "
            "Choose a stretch inside them."
        )
    if end - start > MAX_LETTERS:
        raise TooLongError(
            f"A logo for print takes at most {MAX_LETTERS} letters and this stretch has {end - start:,}. "
            "Zoom in, or save the picture of the browser, which pools letters."
        )
    letters, values = scores.letters[start:end].upper(), scores.per_base[start:end]
    if reverse:
        letters, values = letters.translate(COMPLEMENT)[::-1], values[::-1]
    origin = (scores.start if scores.interval is None else scores.interval.start) + start
    heading = title or scores.target.name
    with _DRAWING:
        return _draw(letters, values, origin, reverse, heading, unit, _words(scores, start, end, reverse), kind)


def _draw(
    letters: str, values: np.ndarray, origin: int, reverse: bool, heading: str, unit: str, words: str, kind: Kind
) -> bytes:
    import logomaker
    import pandas as pd
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    length = len(letters)
    inches = min(max(length * LETTER_INCHES, LEAST_INCHES), MOST_INCHES)
    heights = np.zeros((length, 4))
    for column, base in enumerate("ACGT"):
        here = np.array([letter == base for letter in letters])
        heights[here, column] = np.nan_to_num(values[here])
    colours = {base: BROWSER_LIGHT.letters[base] for base in "ACGT"}
    style = {
        "font.family": "DejaVu Sans", "font.size": 8, "pdf.fonttype": 42, "svg.hashsalt": "attendome",
        "svg.fonttype": "path", "axes.unicode_minus": True, "text.usetex": False,
    }  # fmt: skip
    with rc_context(style):
        figure = Figure(figsize=(inches, HEIGHT_INCHES), facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)  # a canvas of its own: pyplot never hears of this figure
        axes = figure.add_subplot()
        if heights.any():  # of zeros alone logomaker makes no axis
            table = pd.DataFrame(heights, columns=list("ACGT"))
            looks = {"color_scheme": colours, "font_name": "DejaVu Sans", "show_spines": False}
            logomaker.Logo(table, ax=axes, flip_below=True, **looks)
        _limits(axes, heights)
        for first, last in _missing(values):
            axes.axvspan(first - 0.5, last - 0.5, facecolor="none", edgecolor="#B0B6BB", hatch="////", linewidth=0)
        positions = origin + (np.arange(length)[::-1] if reverse else np.arange(length)) + 1
        marked = np.flatnonzero(positions % _tick_step(length, inches) == 0)
        axes.set_xticks(marked, [f"{position:,}" for position in positions[marked]])
        axes.set_xlim(-0.5, length - 0.5)
        axes.spines[["left", "bottom"]].set_visible(True)
        axes.axhline(0, color="#555555", linewidth=0.6, zorder=-1)
        axes.set_ylabel(_lines(f"contribution ({unit})" if unit else "contribution", 30), parse_math=False)
        width = int(inches * 15)
        axes.set_title(_lines(heading, width), fontsize=9.5, fontweight="bold", loc="left", parse_math=False)
        axes.set_xlabel(_lines(words, int(inches * 17.5)), fontsize=6.5, loc="left", parse_math=False)
        file = io.BytesIO()
        figure.savefig(file, format=kind, dpi=PNG_DPI, metadata=METADATA[kind])
    return file.getvalue()


def _lines(text: str, characters: int) -> str:
    return "\n".join(textwrap.wrap(_shown(text), characters, max_lines=3, placeholder=" …"))


def _limits(axes, heights: np.ndarray) -> None:
    """The axis from the lowest to the highest, also where all is 0."""
    low, high = min(float(heights.min()), 0.0), max(float(heights.max()), 0.0)
    room = 0.04 * (high - low) or 1.0
    axes.set_ylim(low - (room if low < 0 or not high else 0), high + (room if high > 0 else 0))


def _missing(values: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], np.isnan(values), [False])).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
