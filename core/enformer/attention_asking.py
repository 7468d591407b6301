"""What some bins attend to, as a question: asked of what is kept first, then of the model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from core.cards import Provenance
from core.disk_store import DiskStore
from core.enformer import attending
from core.enformer.attending import AttentionProfile, attention_profile
from core.enformer.packing import pack, unpack
from core.enformer.results import FOLDER, as_json, code_digest
from core.errors import SelectionError
from core.genome.interval import Interval
from core.settings import Settings, settings

if TYPE_CHECKING:
    from core.enformer.asking import Question

LAYOUT = 1  # of the entries on disk, and of what their numbers mean
STORE_BYTES = 512 * 1024**2
NEARLY_NOTHING = 0.02  # of the bins
_GROUP = "attending"


class ProfileStore:
    """Profiles on disk within a number of bytes, as predictions are; see `core.disk_store`.

    Parameters
    ----------
    folder : by default in the cache folder of the settings.
    """

    def __init__(
        self, folder: Path | None = None, max_bytes: int = STORE_BYTES, *, options: Settings | None = None
    ) -> None:
        self._disk = DiskStore(folder or (options or settings()).cache_folder / "enformer" / "attending", max_bytes)

    def get(self, key: str) -> AttentionProfile | None:
        """The profile of this key, exactly as it was put there, or None."""
        data = self._disk.get(_GROUP, key)
        if data is None:
            return None
        try:
            head, arrays = unpack(data)
            if head.pop("layout") != LAYOUT or head.pop("key") != key:
                raise ValueError("an entry of another key or layout")
            place = head.pop("interval")
            return AttentionProfile(
                **arrays,
                query_bins=tuple(head.pop("query_bins")),
                interval=None if place is None else Interval(**place),
                provenance=Provenance(**head.pop("provenance")),
                notes=tuple(head.pop("notes")),
                **head,
            )
        except (ValueError, TypeError, LookupError):  # whole, but written by another version of this code
            self._disk.remove(_GROUP, key)
            return None

    def put(self, key: str, profile: AttentionProfile) -> None:
        """Keep a profile."""
        fields = {name: getattr(profile, name) for name in ("query_bins", "bin_size_bp", "sequence_digest", "notes")}
        fields |= {
            "layout": LAYOUT,
            "key": key,
            "provenance": asdict(profile.provenance),
            "interval": None if profile.interval is None else asdict(profile.interval),
        }
        self._disk.put(_GROUP, key, pack(fields, {"weights": profile.weights, "expected": profile.expected}))


@dataclass(frozen=True, eq=False)
class AttentionQuestion:
    """What do these bins of this window attend to?

    Attributes
    ----------
    asked : the prediction of the same window: its engine, letters and place. Head and averaging play no part.
    query_bins : the bins that look.
    """

    asked: Question
    query_bins: tuple[int, ...]

    @classmethod
    def around(cls, asked: Question, position: int, neighbours: int = 0) -> AttentionQuestion:
        """About the bin of a 0-based position on the chromosome, and its neighbours on either side.

        Raises
        ------
        SelectionError
            The position lies outside of the window.
        """
        size = asked.engine.bin_size_bp
        bins = len(asked.sequence) // size
        middle = (position - asked.interval.start) // size
        if not 0 <= middle < bins:
            raise SelectionError(
                f"Position {position + 1:,} lies outside of the window that is read, {asked.interval.locus}; choose "
                "one inside."
            )
        return cls(asked, tuple(range(max(0, middle - neighbours), min(bins, middle + neighbours + 1))))

    @cached_property
    def key(self) -> str:
        """64 hexadecimal digits that two questions share only if their answers are the same."""
        engine = self.asked.engine
        known = {name: value for name, value in engine.fingerprint.items() if name != "tables"}  # names change nothing
        letters = hashlib.sha256(self.asked.sequence.upper().encode()).hexdigest()
        place = asdict(self.asked.interval)
        code = [LAYOUT, code_digest(FOLDER), own_code_digest(), version("torch")]
        return hashlib.sha256(as_json([known, code, letters, place, self.query_bins]).encode()).hexdigest()

    def kept(self, store: ProfileStore) -> AttentionProfile | None:
        """The answer, if it was found before."""
        return store.get(self.key)

    def answer(self, store: ProfileStore, on_progress: Callable[[float], None] | None = None) -> AttentionProfile:
        """The answer, kept or found now.

        Raises
        ------
        AttendomeError
            As `attention_profile`.
        """
        if (found := self.kept(store)) is not None:
            if on_progress is not None:
                on_progress(1.0)
            return found
        asked = self.asked
        found = attention_profile(
            asked.engine, asked.sequence, self.query_bins, interval=asked.interval, on_progress=on_progress
        )
        store.put(self.key, found)
        return found


@cache
def own_code_digest() -> str:
    """12 hexadecimal digits that change with the code of `core.enformer.attending`."""
    return hashlib.sha256(Path(attending.__file__).read_bytes()).hexdigest()[:12]


def tower_lacks(question: AttentionQuestion) -> float:
    """The share of the window's bins, 0 to 1, whose tower has to be computed: a prediction leaves them behind."""
    reuse = question.asked.engine.reuse
    reading = reuse.read(question.asked.sequence)
    return reuse.lacking(reading) / len(reading.keys)


def kind_of(question: AttentionQuestion, lacks: float) -> str | None:
    """What an estimate is remembered for, see `core.enformer.asking.kind_of`; None where only a part of the tower is
    known, which is no two times the same."""
    from core.enformer import asking

    if NEARLY_NOTHING < lacks < 1 - NEARLY_NOTHING:
        return None
    return f"attending {'after' if lacks <= NEARLY_NOTHING else 'before'} {asking.kind_of(question.asked)}"


def cost_over_prediction(question: AttentionQuestion, lacks: float) -> float:
    """Its cost over that of a prediction of the same window of which nothing is known.

    Of the tower only what lacks is computed; the weights of each layer are made once more.
    """
    from core.enformer.progress import ELEMENT_COST, layer_costs, stage_costs

    parts, letters = question.asked.engine.parts, len(question.asked.sequence)
    bins = letters // question.asked.engine.bin_size_bp
    tower, layers = sum(stage_costs(parts, letters)), sum(layer_costs(parts, bins))
    again = sum(bins * bins * layer.heads * (2 * layer.key_size + ELEMENT_COST / 4) for layer in parts.layers)
    return (tower * lacks + layers + again) / (tower + layers)
