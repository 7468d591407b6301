"""Scores of many variants on disk: appended as they are found, so that whatever happens keeps what was finished.

folder/plan.json     what is scored: the key, the tracks and how many variants there are
folder/scores.bin    one record of fixed length a finished variant, in the order in which they were finished
folder/lock          held by whoever writes
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.errors import JobError

NUMBERS = (
    *("ref_value", "alt_value", "effect", "spread", "effect_low", "effect_high", "effect_sum", "sar", "sar_sum"),
    *("log2_fold", "local_ref", "local_alt", "local_effect", "local_log2_fold"),
)
GENE_NUMBERS = ("tss_distance", "gene_ref", "gene_alt", "gene_effect", "gene_log2_fold")
GENE_BYTES = 40
RANKED_BY = "local_log2_fold"  # what the strongest track of a variant is chosen by
LAYOUT = 1
_BLOCK_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Plan:
    """What a journal is about.

    Attributes
    ----------
    key : 64 hexadecimal digits that two journals share only if all their numbers are the same.
    variants : how many there are. tracks : index of each track, in order. with_genes : whether genes are scored.
    told : (what, value) of model, precision, genome and runs, for the files that are made of it.
    """

    key: str
    variants: int
    tracks: tuple[int, ...]
    with_genes: bool = False
    told: tuple[tuple[str, str], ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of the numbers of each track."""
        return NUMBERS + GENE_NUMBERS * self.with_genes

    @property
    def record(self) -> np.dtype:
        """One finished variant; the check is the CRC-32 of all before it."""
        return np.dtype(
            [
                ("number", "<u4"),
                ("gene", f"S{GENE_BYTES}"),
                ("window", "<i8"),
                ("values", "<f4", (len(self.tracks), len(self.numbers))),
                ("check", "<u4"),
            ]
        )

    @property
    def nbytes(self) -> int:
        """Bytes on disk when all variants are finished."""
        return self.variants * self.record.itemsize

    def as_text(self) -> str:
        """JSON."""
        return json.dumps({"layout": LAYOUT, **asdict(self)})


def _check_of(data: bytes | memoryview) -> int:
    return zlib.crc32(data[:-4])


class Journal:
    """The scores of one list of variants. Reading needs nothing; writing needs `writing`.

    Parameters
    ----------
    folder : its place, made if missing. plan : what is scored; a folder with another plan is refused.

    Raises
    ------
    JobError
        The folder holds the scores of something else, or cannot be written.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self._record = plan.record
        self._places: np.ndarray = np.full(plan.variants, -1, np.int64)
        self._read_records = self._count = 0
        self._best: np.ndarray = np.full(plan.variants, -1, np.int32)
        self._file: IO[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._reading = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            known = self._known_plan()
            if known is None:
                _write_whole(folder / "plan.json", plan.as_text())
            elif known != json.loads(plan.as_text()):
                raise JobError(
                    f"{folder.name} holds unfinished scores of other variants, tracks or another model; give another "
                    "name for the result, or delete that folder."
                )
            (folder / "scores.bin").touch()
            os.utime(folder)
        except OSError as error:
            raise _refused(folder, error) from error
        self.refresh()

    def _known_plan(self) -> dict[str, Any] | None:
        try:
            return json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            return {}

    def __enter__(self) -> Journal:
        """Hold the right to write.

        Raises
        ------
        JobError
            Somebody else writes here.
        """
        self._lock = _locked(self.folder / "lock")
        path = self.folder / "scores.bin"
        self.refresh()
        try:
            self._file = path.open("r+b")
            whole = path.stat().st_size // self._record.itemsize * self._record.itemsize
            self._file.truncate(whole)  # a record that was being written when the process was killed
            self._file.seek(whole)
        except OSError as error:
            self.__exit__()
            raise _refused(self.folder, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._file, self._lock):
            if file is not None:
                file.close()
        self._file = self._lock = None

    @property
    def done(self) -> int:
        """How many variants are finished."""
        return self._count

    @property
    def complete(self) -> bool:
        """Whether all of them are."""
        return self._count == self.plan.variants

    def holds(self, number: int) -> bool:
        """Whether a variant is finished."""
        return bool(self._places[number] >= 0)

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Those that are not finished."""
        return [number for number in numbers if self._places[number] < 0]

    def append(self, number: int, values: np.ndarray, *, gene: str = "", window: int = 0) -> None:
        """Write one finished variant; it is on disk when this returns.

        Parameters
        ----------
        number : of the variant, from 0. values : (tracks, numbers of the plan). window : 0-based start of its window.

        Raises
        ------
        JobError
            The disk refuses, for example because it is full; what was finished before is kept.
        """
        if self._file is None:
            raise ValueError("the journal is not open for writing")
        record = np.zeros((), self._record)
        record["number"], record["window"], record["values"] = number, window, values
        record["gene"] = gene.encode()[:GENE_BYTES].decode(errors="ignore").encode()
        record["check"] = _check_of(record.tobytes())
        place = self._file.tell()
        try:
            self._file.write(record.tobytes())
            self._file.flush()
        except OSError as error:
            self._give_up_from(place)
            raise _refused(self.folder, error) from error
        self._note(number, place // self._record.itemsize, record["values"])
        self._read_records = place // self._record.itemsize + 1

    def sync(self) -> None:
        """Wait until the disk itself has it: a machine that loses power loses nothing older."""
        if self._file is not None:
            with suppress(OSError):
                os.fsync(self._file.fileno())

    def _give_up_from(self, place: int) -> None:
        """Take half a record off the end; what stays is whole. The file is opened anew, as its buffer is not empty."""
        path = self.folder / "scores.bin"
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            os.truncate(path, place)
        self._file = path.open("r+b")
        self._file.seek(place)

    def refresh(self) -> None:
        """Take in what others have finished since. Threads may share a journal that is only read."""
        with self._reading:
            self._refresh()

    def _refresh(self) -> None:
        size = self._record.itemsize
        try:
            with (self.folder / "scores.bin").open("rb") as file:
                whole = os.fstat(file.fileno()).st_size // size
                if whole < self._read_records:  # begun anew
                    self._places[:], self._best[:] = -1, -1
                    self._read_records = self._count = 0
                file.seek(self._read_records * size)
                while self._read_records < whole:
                    many = max(1, min(whole - self._read_records, _BLOCK_BYTES // size))
                    data = memoryview(file.read(many * size))
                    for start in range(0, len(data) - size + 1, size):
                        self._take(data[start : start + size])
        except FileNotFoundError:
            return

    def _take(self, data: memoryview) -> None:
        record = np.frombuffer(data, self._record, 1)[0]
        number, place = int(record["number"]), self._read_records
        self._read_records += 1
        # A damaged record counts as not finished: it is computed again.
        if number < self.plan.variants and int(record["check"]) == _check_of(data):
            self._note(number, place, record["values"])

    def _note(self, number: int, place: int, values: np.ndarray) -> None:
        self._count += self._places[number] < 0
        self._places[number] = place
        ranked = np.abs(values[:, self.plan.numbers.index(RANKED_BY)])
        self._best[number] = int(np.nan_to_num(ranked, nan=-1.0).argmax())

    def finished(self) -> np.ndarray:
        """Numbers of the finished variants, in their order in the list."""
        return np.flatnonzero(self._places >= 0)

    def records(self, numbers: Sequence[int] | np.ndarray | None = None) -> Iterator[np.void]:
        """The records of finished variants, in the order given; one is held at a time."""
        chosen = self.finished() if numbers is None else numbers
        size = self._record.itemsize
        with (self.folder / "scores.bin").open("rb") as file:
            for number in chosen:
                if (place := int(self._places[number])) < 0:
                    continue
                file.seek(place * size)
                data = file.read(size)
                if len(data) == size:
                    yield np.frombuffer(data, self._record, 1)[0]

    def rows(self, column: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
        """One track of every finished variant.

        Parameters
        ----------
        column : of the plan's tracks; None takes of each variant the one whose `RANKED_BY` is largest.

        Returns
        -------
        numbers (variants,), columns (variants,), values (variants, numbers of the plan) float32, genes.
        """
        numbers = self.finished()
        columns = self._best[numbers] if column is None else np.full(len(numbers), column)
        values = np.empty((len(numbers), len(self.plan.numbers)), np.float32)
        genes = []
        size, inner = self._record.itemsize, self._record.fields["values"][1]
        row_bytes = 4 * len(self.plan.numbers)
        name_at = self._record.fields["gene"][1]
        with (self.folder / "scores.bin").open("rb") as file:
            for place, (number, chosen) in enumerate(zip(numbers, columns, strict=True)):
                start = int(self._places[number]) * size
                file.seek(start + name_at)
                genes.append(file.read(GENE_BYTES).rstrip(b"\0").decode(errors="replace"))
                file.seek(start + inner + int(chosen) * row_bytes)
                values[place] = np.frombuffer(file.read(row_bytes), "<f4")
        return numbers, columns, values, genes


def _refused(folder: Path, error: OSError) -> JobError:
    return JobError(
        f"Scores cannot be written to {folder} ({error.strerror or error}); what was finished is kept. Make room on "
        "that disk or give another folder, then start again: it goes on from there."
    )


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def _locked(path: Path) -> IO[bytes]:
    """The file, held by this process alone until it is closed; the system lets go of a killed process's."""
    try:
        file = path.open("ab")
    except OSError as error:
        raise _refused(path.parent, error) from error
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise JobError(
            f"Another process is scoring into {path.parent.name}; wait until it is done, or give another name."
        ) from error
    return file
