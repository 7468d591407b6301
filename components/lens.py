"""The logit lens: what a model would answer after each layer, as a table of tokens.

Source: nostalgebraist 2020, "interpreting GPT: the logit lens".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from components.drawing import Drawing, Key, Line, Rect, Scale, Shade, Shape, Text, X, token_label, token_text
from components.drawing.axis import number_text
from components.prediction import empty_drawing
from components.style import DRAWING_SIZES as SIZES

MOST_POSITIONS = 24
# What the model guesses: the name of the row of true tokens, the meaning of an outline, how to read the table.
WORDS = {
    "next": (
        "Came next",
        "is the token that came next",
        "Read down a column: what the model would say next if it stopped after that layer.",
    ),
    "masked": (
        "Is there",
        "is the token that is there",
        "Read down a column: what the model would put in this place if it stopped after that layer.",
    ),
}


def lens_row_names(layers: int) -> tuple[str, ...]:
    """ "Embedding", "After layer 0", ..., "After layer 5": the first row is before any layer."""
    return ("Embedding", *(f"After layer {layer}" for layer in range(layers)))


def _window(count: int, start: int | None, most: int) -> range:
    """Positions in the picture: from `start`, or the last ones."""
    first = max(0, count - most) if start is None else max(0, min(start, count - 1))
    return range(first, min(count, first + most))


def lens_drawing(
    tokens: Sequence[str],
    top_tokens: Sequence[Sequence[Sequence[str]]],
    top_probabilities: np.ndarray,
    *,
    title: str,
    provenance: str,
    row_names: Sequence[str] | None = None,
    next_tokens: Sequence[str | None] | None = None,
    next_probabilities: np.ndarray | None = None,
    next_ranks: np.ndarray | None = None,
    start: int | None = None,
    most: int = MOST_POSITIONS,
    predicts: Literal["next", "masked"] = "next",
    first_position: int = 0,
    subtitle: str | None = None,
    file_name: str = "logit-lens",
) -> Drawing:
    """A table: one column a token of the text, one row a layer; in each cell the most probable next token.

    Columns are at least 60 CSS pixels wide; those that do not fit the page are left out, at the front if
    `start` is None and at the end otherwise.

    Parameters
    ----------
    tokens : (positions,) display strings of the text.
    top_tokens : [row][position][rank] display strings, the most probable first; row 0 is the embedding.
    top_probabilities : (rows, positions, ranks), 0 ... 1.
    row_names : None for `lens_row_names`.
    next_tokens : (positions,) what really comes next; None or "" where nothing does.
    next_probabilities, next_ranks : (rows, positions) probability and rank (1 is the first) of that token;
        not read where it is None. Cells of rank 1 are outlined.
    start : the first of these tokens that is shown; None shows the last ones.
    most : positions at most.
    predicts : "masked" for a model that fills in words: `next_tokens` are then the words themselves.
    first_position : of `tokens` in a longer text, 0-based, for the numbers over the columns.
    subtitle : None says how the table is read.

    Raises
    ------
    ValueError
        Shapes differ or a probability is not between 0 and 1.
    """
    probabilities = np.asarray(top_probabilities, dtype=np.float64)
    count = len(tokens)
    if not count:
        return empty_drawing(title, "There is no text to read.", provenance=provenance, file_name=file_name)
    if probabilities.ndim != 3 or probabilities.shape[1] != count or probabilities.shape[0] != len(top_tokens):
        raise ValueError(f"Probabilities have shape {probabilities.shape} for {len(top_tokens)} rows, {count} tokens.")
    if not ((probabilities >= 0) & (probabilities <= 1.0001)).all():
        raise ValueError("A probability is not between 0 and 1.")
    rows = len(top_tokens)
    named = row_names if row_names is not None else lens_row_names(rows - 1)
    names = tuple(name[:1].upper() + name[1:] for name in named)
    after = tuple(label or None for label in next_tokens) if next_tokens is not None else (None,) * count
    true_name, hit_name, reading = WORDS[predicts]
    if len(names) != rows or len(after) != count:
        raise ValueError(f"{len(names)} row names and {len(after)} next tokens for {rows} rows, {count} tokens.")
    for extra in (next_probabilities, next_ranks):
        if extra is not None and np.shape(extra) != (rows, count):
            raise ValueError(f"The next tokens' numbers have shape {np.shape(extra)}, not {(rows, count)}.")

    shown = _window(count, start, most)
    head, height = SIZES.lens_head, SIZES.lens_row
    foot = head + rows * height
    known = any(after[p] is not None for p in shown)
    bottom = foot + (30 if known else 0)
    shapes: list[Shape] = [
        Text(X(0, -SIZES.lens_label), 26, "Text", size="small", colour="muted", strong=True),
    ]
    for row, name in enumerate(names):
        middle = head + (row + 0.5) * height
        room = X(0, SIZES.lens_label - 8)
        shapes.append(Text(X(0, -SIZES.lens_label), middle, name, size="small", room=room, strong=row == rows - 1))
    if known:
        truth = Text(X(0, -SIZES.lens_label), foot + 18, true_name, size="small", colour="muted", strong=True)
        shapes += [Line(X(), foot + 4, X(1), foot + 4), truth]
    room = X(0, -6, column=1)
    for column, position in enumerate(shown):
        shapes.append(
            _at(column, 9, str(first_position + position + 1), size="small", colour="muted", room=room, least=8)
        )
        shapes.append(_at(column, 26, token_label(tokens[position]), size="small", strong=True, room=room))
        if after[position] is not None:
            shapes.append(_at(column, foot + 18, token_label(after[position]), size="small", strong=True, room=room))
    right = {}
    for row in range(rows):
        top = head + row * height
        for column, position in enumerate(shown):
            words, shares = top_tokens[row][position], probabilities[row, position]
            is_next = after[position] is not None and next_ranks is not None and int(next_ranks[row][position]) == 1
            right[row, position] = is_next
            shade = Shade(float(shares[0]))
            lines = [f"{names[row]}, at {first_position + position + 1} {token_text(tokens[position])}"]
            lines += [f"{number_text(share)}  {token_text(word)}" for word, share in zip(words, shares, strict=True)]
            if after[position] is not None and next_probabilities is not None:
                rank = f", rank {int(next_ranks[row][position]):,}" if next_ranks is not None else ""
                share = number_text(float(next_probabilities[row][position]))
                lines.append(f"{true_name}: {token_text(after[position])} {share}{rank}")
            cell = Rect(
                X(0, 0, column=column),
                top,
                X(0, -1, column=column + 1),
                top + height - 1,
                fill=shade,
                outline="second" if is_next else None,
                tooltip="\n".join(lines),
            )
            label = _at(
                column,
                top + (height - 1) / 2,
                token_label(words[0]),
                size="small",
                over=shade,
                room=room,
                strong=is_next,
            )
            shapes += [cell, label]
    last = [f"after {token_text(tokens[p])} {token_text(top_tokens[-1][p][0])}" for p in list(shown)[-3:]]
    hits = sum(right[rows - 1, p] for p in shown)
    scored = sum(after[p] is not None for p in shown)
    agreed = f" The last row is right at {hits} of {scored} positions." if scored and next_ranks is not None else ""
    outlined = (Key(hit_name, "none", outline="second"),) if known and next_ranks is not None else ()
    return Drawing(
        title,
        tuple(shapes),
        bottom,
        f"Table of {rows} rows (layers) and {len(shown)} of {count} positions. Last row: {', '.join(last)}.{agreed}",
        provenance,
        subtitle=reading if subtitle is None else subtitle,
        legend=(Scale("probability of the token shown", 1.0), *outlined),
        left=SIZES.lens_label,
        columns=len(shown),
        column_least=SIZES.lens_column,
        column_most=SIZES.lens_column_most,
        drop="first" if start is None else "last",
        dropped_note=f"{{shown}} of {{columns}} positions fit here: the {'last' if start is None else 'first'} ones.",
        file_name=file_name,
    )


def _at(column: int, y: float, text: str, **options) -> Text:
    """A text in the middle of a column."""
    return Text(X(column=column + 0.5), y, text, align="center", **options)
