"""What a column of a prediction is: the experiment that was predicted, its unit, and where to read about it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.enformer.track_search import Found, TrackIndex
from core.errors import SelectionError

if TYPE_CHECKING:
    import pandas

    from core.enformer.track_sets import NamedSet

ASSEMBLIES = {"human": "hg38", "mouse": "mm10"}
MAX_LABEL = 44
_SHOWN = {"DNASE": "DNase", "CHIP": "ChIP"}
_LOOSE_END = re.compile(r"(,\s*(biol|tech)_|[\s,_])*$")
_PAGES = (
    (re.compile(r"ENCFF\w{6}", re.ASCII), "ENCODE file", "https://www.encodeproject.org/files/{}/"),
    (re.compile(r"GSM\d+", re.ASCII), "GEO sample", "https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc={}"),
    # FANTOM5 has pages by sample, not by library: its list of samples is where a CNhs number is looked up.
    (re.compile(r"CNhs\d+", re.ASCII), "FANTOM5 library", "https://fantom.gsc.riken.jp/5/sstar/Browse_samples"),
)


@dataclass(frozen=True)
class Track:
    """One output of a model: an experiment in one kind of cell or tissue.

    Names are data of others: shown as plain text, never as markup.

    Attributes
    ----------
    index : 0-based column of the head's output.
    identifier : accession, for example "ENCFF833POA" (ENCODE), "CNhs12336" (FANTOM5) or "GSM2543089" (GEO); of
        several experiments that were merged into one track, one of them.
    description : the table's own words, for example "CHIP:H3K27ac:GM12878". Of merged experiments it is what their
        names begin with, so it may end in "," or "biol_".
    assay : "DNASE", "ATAC", "CHIP" or "CAGE".
    target : what was pulled down in ChIP, for example "H3K27ac"; "" for other assays and where it is not known.
    biosample : the words of the description after assay and target, exactly.
    statistic : how coverage became one number a bin: "mean" or "sum" over its bases; "" where not known.
    clip : largest value a bin was given before scaling, or None.
    scale : factor after clipping, or None.

    Source: the columns of targets_human.txt of calico/basenji (manuscripts/cross2020) and basenji_data_read.py
    there: pool, then clip, then scale.
    """

    index: int
    identifier: str
    description: str
    assay: str = ""
    target: str = ""
    biosample: str = ""
    statistic: str = ""
    clip: float | None = None
    scale: float | None = None

    @property
    def unit(self) -> str:
        """What a value counts, for example "mean coverage per base (clipped at 32, then × 2)"."""
        if self.statistic not in ("mean", "sum"):
            return "unit not known"
        words = "mean coverage per base" if self.statistic == "mean" else "coverage summed over the bin"
        steps = [] if self.clip is None else [f"clipped at {self.clip:g}"]
        if self.scale not in (None, 1):
            steps.append(f"× {self.scale:g}")
        return f"{words} ({', then '.join(steps)})" if steps else words

    @property
    def log(self) -> bool:
        """Whether it is usually drawn as log10(1 + x): CAGE spans four orders of magnitude."""
        return self.assay == "CAGE"

    @property
    def url(self) -> str | None:
        """Page about the identifier, or None."""
        return next((url.format(self.identifier) for kind, _, url in _PAGES if kind.fullmatch(self.identifier)), None)

    @property
    def link_label(self) -> str:
        """Words for the link, for example "ENCODE file ENCFF833POA"."""
        what = next((what for kind, what, _ in _PAGES if kind.fullmatch(self.identifier)), "")
        return f"{what} {self.identifier}".strip()

    @property
    def sample(self) -> str:
        """The cells or tissue as people say it: "K562" of "chronic myelogenous leukemia cell line:K562"."""
        sample = self.biosample.partition(":")[2] or self.biosample if self.assay == "CAGE" else self.biosample
        return _tidy(sample)

    @property
    def label(self) -> str:
        """Short name that always ends in the index: descriptions repeat, for example "CAGE K562 (4828)"."""
        what = self.target or _SHOWN.get(self.assay, self.assay)
        name = f"{what} {self.sample}".strip() if self.assay else self.description
        if len(name) > MAX_LABEL:
            name = name[: MAX_LABEL - 1].rstrip(" ,(") + "…"
        return f"{name} ({self.index})"


def _tidy(sample: str) -> str:
    """Without what is left where the names of merged samples part: "Neutrophils," and "K562 ENCODE, biol_"."""
    sample = re.sub(r"(,\s*)+", ", ", _LOOSE_END.sub("", sample))
    return " ".join(sample.replace(", (", " (").split())


@dataclass(frozen=True, eq=False)
class TrackTable:
    """The tracks of one head of a model, in order of their index; a table may hold only some of them.

    Attributes
    ----------
    head : "human" or "mouse", or the name of a head of another model.
    tracks : no index twice.
    assembly : genome that the experiments were aligned to, or None.
    source : where the table comes from, for people.
    """

    head: str
    tracks: tuple[Track, ...]
    assembly: str | None
    source: str

    def __post_init__(self) -> None:
        tracks = tuple(self.tracks)
        indices = [track.index for track in tracks]
        if indices != sorted(set(indices)) or (indices and indices[0] < 0):
            raise ValueError("tracks have to be in order of their index, none twice or below 0")
        object.__setattr__(self, "tracks", tracks)

    def __len__(self) -> int:
        return len(self.tracks)

    def __iter__(self) -> Iterator[Track]:
        return iter(self.tracks)

    def __contains__(self, index: object) -> bool:
        return index in self._by_index

    def __getitem__(self, index: int) -> Track:
        """The track of this index (the model's column, not a position in the table).

        Raises
        ------
        SelectionError
            The table has no such track.
        """
        try:
            return self._by_index[index]
        except (KeyError, TypeError) as error:
            if not self.tracks:
                raise SelectionError(f"There is no track {index!r}: this table is empty.") from error
            raise SelectionError(
                f"There is no track {index!r} here; give a whole number from {self.tracks[0].index} to "
                f"{self.tracks[-1].index}" + ("." if self.is_complete else f", one of the {len(self)} listed.")
            ) from error

    def get(self, index: int, default: Track | None = None) -> Track | None:
        """The track of this index, or the default."""
        return self._by_index.get(index, default)

    @property
    def is_complete(self) -> bool:
        """Whether no index from 0 to the last is missing."""
        return len(self.tracks) == (self.tracks[-1].index + 1 if self.tracks else 0)

    @cached_property
    def _by_index(self) -> dict[int, Track]:
        return {track.index: track for track in self.tracks}

    @cached_property
    def _words(self) -> TrackIndex[Track]:
        return TrackIndex((track, (track.description, track.identifier), track.index) for track in self.tracks)

    @cached_property
    def digest(self) -> str:
        """sha256 over every field of every track, 64 hexadecimal digits."""
        fields = [self.head, self.assembly, [astuple(track) for track in self.tracks]]
        return hashlib.sha256(json.dumps(fields).encode()).hexdigest()

    @cached_property
    def assays(self) -> tuple[str, ...]:
        """Assays that occur, in order of their first track."""
        return tuple(dict.fromkeys(track.assay for track in self.tracks if track.assay))

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """ChIP targets that occur, the most frequent first, then by name."""
        return _by_frequency(track.target for track in self.tracks)

    @cached_property
    def biosamples(self) -> tuple[str, ...]:
        """Cells and tissues that occur, exactly as in the table, the most frequent first, then by name."""
        return _by_frequency(track.biosample for track in self.tracks)

    def search(
        self, text: str, limit: int | None = 50, *, assay: str | None = None, biosample: str | None = None
    ) -> Found[Track]:
        """Tracks in which every word of the text occurs, for example "cage k562", "4828" or "ENCFF833POA".

        Case, hyphens and punctuation do not matter. Whole words come first, then beginnings, then parts of words,
        each in order of the index; an empty text finds all.

        Parameters
        ----------
        limit : tracks returned at most; `Found.total` counts all.
        assay : only this assay.
        biosample : only tracks with exactly this biosample.
        """
        found = self._words.search(text)
        if assay is not None or biosample is not None:
            keep = {track.index for track in self.select(assay=assay, biosample=biosample)}
            found = found.only(lambda track: track.index in keep)
        return found.first(limit)

    def select(
        self, *, assay: str | None = None, target: str | None = None, biosample: str | None = None
    ) -> tuple[Track, ...]:
        """Tracks with exactly this assay, target and biosample; upper and lower case are the same."""
        wanted = {"assay": assay, "target": target, "biosample": biosample}
        fixed = [(name, value.casefold()) for name, value in wanted.items() if value is not None]
        return tuple(t for t in self.tracks if all(getattr(t, name).casefold() == value for name, value in fixed))

    def sets(self) -> tuple[NamedSet, ...]:
        """Named sets all of whose tracks are in this table; see `track_sets`."""
        from core.enformer.track_sets import sets_of

        return sets_of(self)

    def to_frame(self) -> pandas.DataFrame:
        """One row a track, for a table on a page or a file."""
        import pandas

        rows = [
            {
                "index": track.index,
                "assay": track.assay,
                "target": track.target,
                "biosample": track.biosample,
                "identifier": track.identifier,
                "unit": track.unit,
                "clip": track.clip,
                "scale": track.scale,
                "log": track.log,
                "link": track.url,
                "description": track.description,
            }
            for track in self.tracks
        ]
        return pandas.DataFrame(rows, columns=FRAME_COLUMNS)


FRAME_COLUMNS = [
    *("index", "assay", "target", "biosample", "identifier", "unit"),
    *("clip", "scale", "log", "link", "description"),
]


def unnamed_tracks(count: int, head: str = "human", *, assembly: str | None = None) -> TrackTable:
    """A table of "track 0", "track 1", ... for outputs that nobody has described."""
    tracks = tuple(Track(index, "", f"track {index}") for index in range(count))
    return TrackTable(head, tracks, assembly, "no names known")


def _by_frequency(values: Iterable[str]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for value in filter(None, values):
        counts[value] = counts.get(value, 0) + 1
    return tuple(sorted(counts, key=lambda value: (-counts[value], value.casefold(), value)))
