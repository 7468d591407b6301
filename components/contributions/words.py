"""The question in words, and what is said about its answers."""

from __future__ import annotations

from collections.abc import Sequence

from core.enformer.tracks import Track

MAX_NAMED = 3


def experiment_of(track: Track) -> str:
    """What was measured: "CAGE", "CHIP H3K27ac"; the description where the table does not tell."""
    return f"{track.assay} {track.target}".strip() or track.description


def tracks_words(tracks: Sequence[Track]) -> str:
    """For example "CAGE:K562 (4828, 5111)", tracks of one experiment under the words that their cells share."""
    groups: dict[str, list[Track]] = {}
    for track in tracks:
        groups.setdefault(experiment_of(track), []).append(track)
    said: list[str] = []
    for name, members in groups.items():
        shared = _shared_words([track.sample for track in members])
        if shared or len(members) == 1:
            numbers = ", ".join(str(track.index) for track in members)
            what = ":".join(filter(None, (name.replace(" ", ":") if members[0].assay else name, shared)))
            said.append(f"{what} ({numbers})")
        else:
            said += [track.label for track in members]
    more = len(said) - MAX_NAMED
    return ", ".join(said[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shared_words(samples: Sequence[str]) -> str:
    """The words that all begin with."""
    first, *others = [sample.split() for sample in samples]
    count = 0
    while count < len(first) and all(other[count : count + 1] == [first[count]] for other in others):
        count += 1
    return " ".join(first[:count]).rstrip(",")


def where_words(bins: int, place: str, *, is_start: bool) -> str:
    """For example "over 3 bins at the HBE1 TSS" or "in the bin at chr11:5,270,017-5,270,144"."""
    at = f"at the {place} TSS" if is_start else f"at {place}"
    return f"in the bin {at}" if bins == 1 else f"over {bins} bins {at}"


def question_words(tracks: Sequence[Track], less: Sequence[Track], where: str) -> str:
    """For example "mean of CAGE:K562 (4828, 5111) over 3 bins at the HBE1 TSS"."""
    one = len(tracks) == 1 and where.startswith("in the bin")
    said = tracks_words(tracks) if one and not less else f"mean of {tracks_words(tracks)}"
    if less:
        said += f" minus mean of {tracks_words(less)}"
    return f"{said} {where}"


def unit_of(tracks: Sequence[Track]) -> str:
    """The unit of a mean of tracks; where they differ, that they do."""
    units = list(dict.fromkeys(track.unit for track in tracks))
    return units[0] if len(units) == 1 else "mean of unlike units"
