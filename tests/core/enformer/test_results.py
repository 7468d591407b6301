"""Predictions on disk: exact, bounded, checked, shared, and never in the way."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cards import Provenance
from core.disk_store import DiskStore
from core.enformer import results
from core.enformer.averaging import Averaging
from core.enformer.engine import EnformerEngine
from core.enformer.results import ResultKey, ResultStore, as_json, cached_prediction, kept_prediction
from core.enformer.track_file import curated_tracks
from core.enformer.tracks import Track, TrackTable, unnamed_tracks
from core.enformer.values import TrackSet
from core.errors import SelectionError, SequenceError
from core.genome.interval import Interval
from core.genome.sequence import one_hot
from core.settings import Settings

KEY = ResultKey("model", "sequence", "options", None)
TRACKS = curated_tracks().tracks[:3]


def prediction(bins: int = 5, tracks: tuple[Track, ...] = TRACKS, seed: int = 0, **fields) -> TrackSet:
    values = np.random.default_rng(seed).normal(size=(bins, len(tracks))).astype("f4")
    return TrackSet(
        **{
            "values": values,
            "tracks": tracks,
            "bin_size_bp": 128,
            "provenance": Provenance("Enformer", "abc", "random", assembly="hg38"),
            "interval": Interval("chr1", 1000, 1000 + bins * 128),
            "head": "human",
            "sequence_digest": "d" * 64,
        }
        | fields
    )


def assert_same(one: TrackSet, other: TrackSet) -> None:
    for name in one.__dataclass_fields__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype
            assert mine.shape == theirs.shape
            assert mine.tobytes() == theirs.tobytes()
            assert not theirs.flags.writeable
        else:
            assert type(mine) is type(theirs)
            assert mine == theirs


def kept_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def spread_of(bins: int, tracks: int) -> dict[str, object]:
    return {"spread": np.full((bins, tracks), 0.1, "f4"), "spread_kind": "standard deviation over runs"}


@pytest.mark.parametrize(
    "result",
    [
        prediction(),
        prediction(interval=None, notes=("a note", 'with "quotes" and é')),
        prediction(**spread_of(5, 3), runs=("forward", "reverse complement"), first_bin=320),
        prediction(1, tracks=(Track(7, "", "track 7"),)),
        prediction(3, values=np.array([[np.nan, np.inf, -0.0], [1e-45, 3e38, 0.1], [-np.inf, 1, 2]], "f4")),
        prediction(4, values=np.asfortranarray(np.arange(12, dtype="f4").reshape(4, 3))),
    ],
    ids=["plain", "nowhere", "averaged", "one track", "odd numbers", "columns first"],
)
def test_there_and_back_to_the_last_bit(tmp_path: Path, result: TrackSet) -> None:
    store = ResultStore(tmp_path, 10**6)
    assert store.get(KEY) is None
    store.put(KEY, result)
    for reader in (store, ResultStore(tmp_path, 10**6)):
        assert_same(result, reader.get(KEY))


def test_each_part_of_the_key_counts(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, 10**6)
    store.put(KEY, prediction())
    for other in ({"model": "m"}, {"sequence": "s"}, {"options": "o"}, {"tracks": ()}, {"tracks": (1,)}):
        assert store.get(replace(KEY, **other)) is None
    assert replace(KEY, tracks=(1, 2)).name != replace(KEY, tracks=(2, 1)).name != replace(KEY, tracks=(12,)).name


def test_a_damaged_entry_is_a_miss_and_is_removed(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, 10**6)
    for damage in (lambda d: d[:-1], lambda d: b"", lambda d: d[:60] + b"\xff" + d[61:], lambda d: d + b"0"):
        store.put(KEY, prediction())
        (path,) = kept_files(tmp_path)
        path.write_bytes(damage(path.read_bytes()))
        assert store.get(KEY) is None
        assert kept_files(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 40,
        (2).to_bytes(8, "little") + b"{}",
        (4).to_bytes(8, "little") + b"null",
        b'{"key": 1}',
    ],
)
def test_a_whole_entry_of_another_code_is_a_miss_and_is_removed(tmp_path: Path, content: bytes) -> None:
    store = ResultStore(tmp_path, 10**6)
    store.put(KEY, prediction())
    (path,) = kept_files(tmp_path)
    DiskStore(tmp_path, 10**6).put(path.parent.name, path.name, content)
    assert store.get(KEY) is None
    assert kept_files(tmp_path) == []


def test_an_entry_with_fields_that_do_not_fit_is_a_miss(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, 10**6)
    store.put(KEY, prediction())
    (path,) = kept_files(tmp_path)
    good = results._pack(prediction(), KEY)
    for old, new in ((b'"head"', b'"haed"'), (b'"model": "model"', b'"model": "other"'), (b"[5, 3]", b"[3, 3]")):
        assert old in good
        DiskStore(tmp_path, 10**6).put(path.parent.name, path.name, good.replace(old, new))
        assert store.get(KEY) is None
        assert kept_files(tmp_path) == []


def test_bounded_and_the_longest_unused_goes_first(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, 200_000)
    keys = [replace(KEY, sequence=str(number)) for number in range(10)]
    for number, key in enumerate(keys):
        store.put(key, prediction(4000, seed=number))  # 48 kB each
        for path in kept_files(tmp_path):
            os.utime(path, (path.stat().st_mtime - 10,) * 2)
        if number == 2:
            store.get(keys[0])
        assert sum(path.stat().st_size for path in kept_files(tmp_path)) <= 200_000
        if number == 4:
            assert [store.get(key) is not None for key in keys[:5]][-1]
            assert store.get(keys[1]) is None
            assert store.get(keys[0]) is not None
    assert store.get(keys[9]) is not None


def test_larger_than_the_store_is_let_go(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, 1000)
    store.put(KEY, prediction(4000))
    assert kept_files(tmp_path) == []
    assert store.get(KEY) is None


def test_a_disk_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    store = ResultStore(tmp_path / "file" / "below", 10**6)
    store.put(KEY, prediction())
    assert store.get(KEY) is None

    def full(self: Path, data: bytes) -> None:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    store = ResultStore(tmp_path / "full", 10**6)
    store.put(KEY, prediction())
    assert store.get(KEY) is None
    assert kept_files(tmp_path / "full") == []


def test_where_and_how_much_by_the_settings(tmp_path: Path) -> None:
    options = Settings(cache_folder=tmp_path, result_cache_bytes=10_000)
    store = ResultStore(options=options)
    store.put(KEY, prediction())
    store.put(replace(KEY, model="2"), prediction(4000))
    assert [path.is_relative_to(tmp_path / "enformer") for path in kept_files(tmp_path)] == [True]


def test_several_threads_at_once(tmp_path: Path) -> None:
    store = ResultStore(tmp_path, 300_000)

    def work(number: int) -> bool:
        key = replace(KEY, sequence=str(number % 9))
        result = prediction(4000, seed=number % 9)
        store.put(key, result)
        found = store.get(key)
        return found is None or found.values.tobytes() == result.values.tobytes()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(120)))
    assert sum(path.stat().st_size for path in kept_files(tmp_path)) <= 300_000


_PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from core.enformer.results import ResultStore
from tests.core.enformer.test_results import KEY, prediction
store = ResultStore(Path(sys.argv[1]), 400_000)
for number in range(60):
    key = replace(KEY, sequence=str(number % 12))
    result = prediction(4000, seed=number % 12)
    store.put(key, result)
    found = store.get(key)
    assert found is None or found.values.tobytes() == result.values.tobytes()
"""


def test_several_programs_at_once(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path)]
    programs = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for program in programs:
        _, complaints = program.communicate(timeout=60)
        assert program.returncode == 0, complaints
    store = ResultStore(tmp_path, 400_000)
    store.put(KEY, prediction())  # counts what the two left
    assert sum(path.stat().st_size for path in kept_files(tmp_path)) <= 400_000
    assert not [path for path in kept_files(tmp_path) if path.suffix == ".draft"]


def test_keys_are_made_of_plain_values() -> None:
    assert as_json({"b": (1, None), "a": np.int64(3)}) == '{"a": 3, "b": [1, null]}'
    assert as_json(Interval("chr1", 1, 2)) != as_json(Interval("chr1", 1, 3))
    assert as_json({3, 1}) == as_json(frozenset({1, 3})) == "[1, 3]"
    for unsteady in (object(), np.zeros(3), lambda: 0):
        with pytest.raises(TypeError, match="cannot be part of a key"):
            as_json({"x": unsteady})


class CountingEngine:
    """Answers from a table of random numbers and counts how often it is asked."""

    def __init__(self, weights: str = "w", precision: str = "float32", names: TrackTable | None = None) -> None:
        self.fingerprint = {"weights": weights, "precision": precision}
        self.tables = {"human": names} if names else {}
        self.fingerprint["tables"] = {head: table.digest for head, table in self.tables.items()}
        self.runs: list[tuple[object, dict[str, object]]] = []

    def predict(self, sequence, tracks=None, target_length=None, head="human", *, on_progress=None, **options):
        self.runs.append((tracks, options))
        if "X" in sequence:
            raise SequenceError("no DNA")
        known = self.tables.get(head) or unnamed_tracks(4, head)
        wanted = (tracks,) if isinstance(tracks, int | Track) else range(4) if tracks is None else tracks
        chosen = dict.fromkeys(known[t.index if isinstance(t, Track) else t] for t in wanted)
        if not chosen:
            raise SelectionError("no track")
        if on_progress:
            on_progress(0.5)
            on_progress(1.0)
        values = np.random.default_rng(len(sequence)).normal(size=(target_length or 5, 4)).astype("f4")
        columns = [track.index for track in chosen]
        return prediction(
            bins=target_length or 5,
            tracks=tuple(chosen),
            values=np.ascontiguousarray(values[:, columns]),
            head=head,
            interval=options.get("interval"),
        )


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path, 10**7)


def test_computed_once_also_after_a_restart(tmp_path: Path) -> None:
    engine, store = CountingEngine(), ResultStore(tmp_path, 10**7)
    seen: list[float] = []
    first = cached_prediction(engine, store, "ACGT", on_progress=seen.append)
    assert seen == [0.5, 1.0]
    seen.clear()
    assert_same(first, cached_prediction(engine, store, "acgt", on_progress=seen.append))
    assert seen == [1.0]
    again = CountingEngine()
    assert_same(first, cached_prediction(again, ResultStore(tmp_path, 10**7), "ACGT"))
    assert (len(engine.runs), len(again.runs)) == (1, 0)


@pytest.mark.parametrize(
    "other",
    [
        {"tracks": [1]},
        {"tracks": [1, 0]},
        {"head": "mouse"},
        {"target_length": 4},
        {"averaging": Averaging(reverse_complement=True)},
        {"averaging": Averaging(shifts=(1,))},
        {"averaging": Averaging(shifts=(1,)), "flanks": ("A", "C")},
        {"interval": Interval("chr1", 0, 640)},
    ],
    ids=str,
)
def test_each_option_is_another_entry(store: ResultStore, other: dict[str, object]) -> None:
    engine = CountingEngine()
    cached_prediction(engine, store, "ACGT", tracks=[0, 1])
    cached_prediction(engine, store, "ACGT", **{"tracks": [0, 1]} | other)
    assert len(engine.runs) == 2
    cached_prediction(engine, store, "ACGT", **{"tracks": [0, 1]} | other)
    assert len(engine.runs) == 2


def test_other_weights_precision_or_letters_are_other_entries(store: ResultStore) -> None:
    engines = [CountingEngine(), CountingEngine("other"), CountingEngine(precision="bfloat16")]
    for engine in engines * 2:
        cached_prediction(engine, store, "ACGT")
    assert [len(engine.runs) for engine in engines] == [1, 1, 1]
    cached_prediction(engines[0], store, "ACGA")
    assert len(engines[0].runs) == 2


def test_other_code_is_another_entry(store: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = CountingEngine()
    cached_prediction(engine, store, "ACGT")
    copy = tmp_path / "code" / "enformer"
    (tmp_path / "code" / "genome").mkdir(parents=True)
    copy.mkdir()
    for name in results.CODE:
        (copy / name).write_bytes((results.FOLDER / name).read_bytes())
    assert results.code_digest(copy) == results.code_digest(results.FOLDER)
    with (copy / "tower.py").open("a") as file:
        file.write("# changed\n")
    results.code_digest.cache_clear()
    monkeypatch.setattr(results, "FOLDER", copy)
    cached_prediction(engine, store, "ACGT")
    assert len(engine.runs) == 2


@pytest.mark.parametrize(
    "same",
    [
        {"tracks": (0, 1)},
        {"tracks": iter([0, 1])},
        {"tracks": [np.int64(0), 1, 0]},
        {"tracks": unnamed_tracks(2)},
        {"target_length": None, "head": "human", "averaging": Averaging()},
        {"flanks": ("AC", "GT")},
    ],
    ids=["a tuple", "an iterator", "NumPy, doubled", "a table", "all said", "flanks unused"],
)
def test_the_same_question_in_other_words(store: ResultStore, same: dict[str, object]) -> None:
    engine = CountingEngine()
    cached_prediction(engine, store, "ACGT", tracks=[0, 1])
    cached_prediction(engine, store, "ACGT", **{"tracks": [0, 1]} | same)
    assert len(engine.runs) == 1


def test_one_hot_is_the_same_as_letters(store: ResultStore) -> None:
    engine = CountingEngine()
    cached_prediction(engine, store, "ACGN")
    cached_prediction(engine, store, one_hot("ACGN"))
    assert len(engine.runs) == 1


def test_a_choice_is_cut_out_of_all_tracks(store: ResultStore) -> None:
    engine = CountingEngine()
    full = cached_prediction(engine, store, "ACGT")
    some = cached_prediction(engine, store, "ACGT", tracks=[3, 1])
    assert_same(engine.predict("ACGT", [3, 1]), some)
    assert_same(engine.predict("ACGT", 2), cached_prediction(engine, store, "ACGT", tracks=2))
    assert len(engine.runs) == 3  # the two of this test
    assert full.values[:, [3, 1]].tobytes() == some.values.tobytes()


def test_a_spread_is_cut_too(store: ResultStore) -> None:
    engine = CountingEngine()
    full = prediction(5, tracks=unnamed_tracks(4).tracks, **spread_of(5, 4), runs=("forward", "reverse complement"))
    engine.predict = lambda *_, **__: full
    cached_prediction(engine, store, "ACGT")
    some = cached_prediction(engine, store, "ACGT", tracks=[2])
    assert some.spread.shape == (5, 1)
    assert some.runs == full.runs


def test_names_are_those_of_today(store: ResultStore) -> None:
    cached_prediction(CountingEngine(), store, "ACGT")
    named = TrackTable("human", tuple(Track(i, f"ENCFF{i:06}", f"DNASE:{i}", "DNASE") for i in range(4)), "hg38", "")
    engine = CountingEngine(names=named)
    assert cached_prediction(engine, store, "ACGT", tracks=[2]).tracks == (named[2],)
    assert cached_prediction(engine, store, "ACGT", tracks=[named[2]]).tracks == (named[2],)
    assert engine.runs == []


def test_what_the_engine_refuses_it_refuses_with_a_full_store_too(store: ResultStore) -> None:
    engine = CountingEngine()
    cached_prediction(engine, store, "ACGT")
    for wrong in ([], [4], [-1], [1.5], ["1"]):
        with pytest.raises(SelectionError):
            cached_prediction(engine, store, "ACGT", tracks=wrong)
    cached_prediction(engine, store, "ACGT", tracks=[Track(1, "ENCFF000AAA", "of another table")])
    assert len(engine.runs) == 7  # the stranger was shown to the engine
    for _ in range(2):
        with pytest.raises(SequenceError):
            cached_prediction(engine, store, "ACGX")
    assert len(engine.runs) == 9


def test_looking_without_predicting(store: ResultStore) -> None:
    engine = CountingEngine()
    assert kept_prediction(engine, store, "ACGT") is None
    assert engine.runs == []
    full = cached_prediction(engine, store, "ACGT")
    assert_same(full, kept_prediction(engine, store, "ACGT", head="human"))
    assert kept_prediction(engine, store, "ACGT", tracks=[1]).tracks == (full.tracks[1],)


def test_without_a_disk_the_answer_still_comes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    engine, store = CountingEngine(), ResultStore(tmp_path / "file" / "below", 10**6)
    for _ in range(2):
        assert cached_prediction(engine, store, "ACGT").values.shape == (5, 4)
    assert len(engine.runs) == 2


def test_defaults_are_those_of_the_engine() -> None:
    parameters = inspect.signature(EnformerEngine.predict).parameters.values()
    asked = {p.name: p.default for p in parameters if p.name not in ("self", "sequence", "tracks", "on_progress")}
    assert asked == results.DEFAULTS


def test_with_a_real_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from enformer_pytorch import Enformer

    def build(seed: int) -> Enformer:
        torch.manual_seed(seed)
        sizes = {"dim": 96, "depth": 1, "heads": 8, "target_length": 4, "num_downsamples": 3, "dim_divisible_by": 16}
        return Enformer.from_hparams(output_heads={"human": 5, "mouse": 3}, **sizes).eval()

    runs = []
    predict = EnformerEngine.predict
    monkeypatch.setattr(EnformerEngine, "predict", lambda *a, **k: runs.append(1) or predict(*a, **k))
    engine, letters = EnformerEngine(build(0)), "ACGTTGCA" * 12
    first = cached_prediction(engine, ResultStore(tmp_path, 10**7), letters, head="human")
    restarted = EnformerEngine(build(0))
    assert_same(first, cached_prediction(restarted, ResultStore(tmp_path, 10**7), letters))
    assert len(runs) == 1
    some = cached_prediction(restarted, ResultStore(tmp_path, 10**7), letters, tracks=[4, 2])
    assert len(runs) == 1
    np.testing.assert_allclose(some.values, predict(engine, letters, [4, 2]).values, rtol=1e-5, atol=1e-6)
    for other in (EnformerEngine(build(1)), EnformerEngine(build(0), precision="bfloat16")):
        assert cached_prediction(other, ResultStore(tmp_path, 10**7), letters).provenance != first.provenance
    assert len(runs) == 3
