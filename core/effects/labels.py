"""What a table says about its variants: causal or not, a measured effect, a distance to the nearest start."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.effects.evaluation import Labelled
from core.effects.files import Scored
from core.effects.records import Record
from core.enformer.tracks import Track
from core.errors import SelectionError

CAUSAL = ("causal", "label", "is_causal", "class", "putative_causal", "significant")
MEASURED = ("effect", "measured", "truth", "beta", "slope", "log2fc", "log2foldchange", "logfc", "effect_size")
DISTANCE = ("tss_distance", "tss_dist", "distance_to_tss", "distance")
_TRUE = {"1", "1.0", "true", "yes", "y", "t", "causal", "positive", "pos"}
_FALSE = {"0", "0.0", "-1", "false", "no", "n", "f", "neutral", "control", "negative", "neg", "not causal"}
_NONE = {"", ".", "na", "nan", "none", "null"}


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of some of the variants of a list.

    Attributes
    ----------
    numbers : (variants,) which variants of the list they are of.
    causal : (variants,) bool or None. measured, distances_bp : (variants,) float64, NaN where not given, or None.
    columns : (what it is, name of the column) of those that were used.
    unread : how many values could not be read.
    """

    numbers: np.ndarray
    causal: np.ndarray | None
    measured: np.ndarray | None
    distances_bp: np.ndarray | None
    columns: tuple[tuple[str, str], ...]
    unread: int = 0


def label_fields(record: Record) -> dict[str, str]:
    """Columns of a table by lower-case name; of a VCF the keys of INFO, a key alone being "true"."""
    found = {}
    for name, value in record.fields.items():
        if name == "INFO":
            for part in value.split(";"):
                key, equals, own = part.partition("=")
                found[key.strip().lower()] = own.strip() if equals else "true"
        else:
            found[name.strip().lower()] = value.strip()
    return found


def labels_of(records: Sequence[Record]) -> Labels:
    """The labels of a list that was read with its fields.

    A column named causal, label or is_causal says which variants are causal (1 or 0, true or false, causal or neutral);
    one named effect, measured, truth, beta, slope or log2fc holds a measured effect; tss_distance is used where it is
    there. In a VCF they are keys of INFO.

    Raises
    ------
    SelectionError
        There is neither a label nor a measured effect.
    """
    rows = [label_fields(record) for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    chosen = {what: _first(known, names) for what, known in
              (("causal", CAUSAL), ("effect", MEASURED), ("distance", DISTANCE))}  # fmt: skip
    flag = chosen["causal"] is not None and _is_flag(rows, chosen["causal"])
    causal = [_truth(row.get(chosen["causal"], "0" if flag else "")) for row in rows] if chosen["causal"] else None
    measured = _numbers(rows, chosen["effect"])
    distances = _numbers(rows, chosen["distance"])
    labelled = np.zeros(len(rows), bool)
    if causal is not None:
        labelled |= np.array([one is not None for one in causal], bool)
    elif measured is not None:
        labelled |= np.isfinite(measured[0])
    if not labelled.any():
        raise SelectionError(
            f"No column holds labels: there are {', '.join(names[:12]) or 'none'}. Name one causal (1 or 0), or one "
            "effect (a number for each variant)."
        )
    numbers = np.flatnonzero(labelled)
    unread = sum(column[1] for column in (measured, distances) if column is not None)
    if causal is not None:
        unread += sum(one is None for one in causal)
    return Labels(
        numbers=numbers,
        causal=None if causal is None else np.array([bool(causal[number]) for number in numbers]),
        measured=None if measured is None else measured[0][numbers],
        distances_bp=None if distances is None else np.abs(distances[0][numbers]),
        columns=tuple((what, name) for what, name in chosen.items() if name is not None),
        unread=unread,
    )


def _first(known: Iterable[str], names: Sequence[str]) -> str | None:
    return next((name for name in known if name in names), None)


def _is_flag(rows: Sequence[dict[str, str]], name: str) -> bool:
    """Whether a key of INFO is there or not, and so says no where it is missing."""
    return {row[name].lower() for row in rows if name in row} == {"true"} and any(name not in row for row in rows)


def _truth(text: str) -> bool | None:
    value = text.lower()
    return True if value in _TRUE else False if value in _FALSE else None


def _numbers(rows: Sequence[dict[str, str]], name: str | None) -> tuple[np.ndarray, int] | None:
    """((variants,) float64, how many could not be read)."""
    if name is None:
        return None
    found, unread = np.full(len(rows), np.nan), 0
    for place, row in enumerate(rows):
        text = row.get(name, "")
        try:
            value = float(text)
        except ValueError:
            unread += text.lower() not in _NONE
            continue
        if math.isfinite(value):
            found[place] = value
    return found, unread


def groups_of(tracks: tuple[Track, ...]) -> dict[str, tuple[int, ...]]:
    """Name -> places of the tracks of one assay (and target), and all together."""
    found: dict[str, list[int]] = {}
    for place, track in enumerate(tracks):
        found.setdefault(track.assay or "tracks", []).append(place)
        if track.target:
            found.setdefault(f"{track.assay} {track.target}", []).append(place)
    named = {name: tuple(places) for name, places in found.items()}
    named["all tracks"] = tuple(range(len(tracks)))
    if len(tracks) <= 64:
        named |= {track.label: (place,) for place, track in enumerate(tracks)}
    return named


def judged(scored: Scored, labels: Labels, score: str, places: tuple[int, ...]) -> Labelled:
    """Labels and predictions of the variants that are finished.

    Parameters
    ----------
    score : a number of the journal, such as "local_effect". places : of the tracks that the direction is the mean of.
    """
    numbers = scored.kept.plan.numbers
    column = numbers.index(score)
    rows = {int(number): at for at, number in enumerate(labels.numbers)}
    strength, direction, distance, kept = [], [], [], []
    for record in scored.kept.records(labels.numbers):
        values = np.nan_to_num(record["values"][:, column].astype(np.float64))
        kept.append(rows[int(record["number"])])
        strength.append(np.sqrt(np.square(values).sum()))
        direction.append(values[list(places)].mean())
        if "tss_distance" in numbers:
            distance.append(abs(float(record["values"][0, numbers.index("tss_distance")])))
    chosen = np.array(kept, int)
    distances = labels.distances_bp if labels.distances_bp is None else labels.distances_bp[chosen]
    if distances is None and distance:
        distances = np.array(distance)
    return Labelled(
        strength=np.array(strength),
        direction=np.array(direction),
        causal=None if labels.causal is None else labels.causal[chosen],
        measured=None if labels.measured is None else labels.measured[chosen],
        distances_bp=distances,
    )
