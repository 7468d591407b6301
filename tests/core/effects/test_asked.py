"""Effects as questions that are kept on disk; background of random changes; attention before and after."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.effects import effect_of
from core.effects.asking import EffectQuestion, EffectStore, effect_job, estimate_seconds
from core.effects.attention_change import attention_change
from core.effects.background import (
    BLOCK,
    BackgroundQuestion,
    BackgroundStore,
    background_job,
    random_changes,
    start_name,
)
from core.effects.background import estimate_seconds as background_seconds
from core.enformer.averaging import Averaging
from core.errors import SelectionError, SequenceError
from core.genome import Variant
from core.jobs import DeviceQueue, JobManager
from core.timing import Timings
from tests.core.effects.toys import CROP, SIZE, ToyGenome, engine, genome, other, peer

LETTERS = genome().letters["chr1"]
SNV = Variant("chr1", 601, LETTERS[600], other(LETTERS[600]))
DELETION = Variant("chr1", 601, LETTERS[600:605], LETTERS[600])


def manager_in(folder: Path) -> JobManager:
    return JobManager(folder / "jobs", max_disk_bytes=10**7, max_finished=5, queues={"cpu": DeviceQueue("cpu")})


def same(one: object, two: object) -> bool:
    names = ("variant", "changes", "tracks", "interval", "window", "first_bin", "rule", "runs", "notes", "provenance")
    plain = all(getattr(one, name) == getattr(two, name) for name in names)
    return plain and all((getattr(one, n) == getattr(two, n)).all() for n in ("ref_runs", "alt_runs", "deleted"))


@pytest.mark.parametrize("variant", [SNV, DELETION])
def test_kept_as_it_was_found(variant: Variant, tmp_path: Path) -> None:
    store, averaging = EffectStore(tmp_path), Averaging(reverse_complement=True)
    question = EffectQuestion.at(engine(), genome(), variant, averaging=averaging)
    assert question.kept(store) is None
    found = question.answer(store)
    assert same(found, effect_of(engine(), genome(), variant, averaging=averaging))
    shares: list[float] = []
    twin = EffectQuestion.at(engine(), genome(), variant, averaging=averaging)
    again = twin.answer(EffectStore(tmp_path), shares.append)
    assert shares == [1.0]
    assert same(found, again)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-3])
    assert question.kept(store) is None


def test_keys_differ_where_answers_do() -> None:
    changed = ToyGenome(chr1=LETTERS[:650] + other(LETTERS[650]) + LETTERS[651:])
    questions = [
        EffectQuestion.at(engine(), genome(), SNV),
        EffectQuestion.at(engine(), genome(), replace(SNV, alt=other(LETTERS[600], 2))),
        EffectQuestion.at(engine(), genome(), SNV, averaging=Averaging(shifts=(1,))),
        EffectQuestion.at(engine(), genome(), SNV, head="mouse"),
        EffectQuestion.at(engine(), changed, SNV),
    ]
    assert len({question.key for question in questions}) == 5
    assert EffectQuestion.at(engine(), genome(), SNV).key == questions[0].key


def test_job(tmp_path: Path) -> None:
    question, timings, answers = EffectQuestion.at(engine(), genome(), SNV), Timings(tmp_path / "t.json"), []
    before = estimate_seconds(question, timings)
    spec = effect_job(question, EffectStore(tmp_path / "e"), timings, title="t", queue="cpu", owner="me",
                      on_answer=answers.append)  # fmt: skip
    with closing(manager_in(tmp_path)) as manager:
        manager.wait(manager.submit(spec))
    assert same(answers[0], question.answer(EffectStore(tmp_path / "e")))
    assert before > 0
    assert estimate_seconds(question, timings) == pytest.approx(timings.estimate(next(iter(timings._known))) * 2)


def test_background(tmp_path: Path) -> None:
    """The same seed draws the same changes; percentiles are counted; a stopped run leaves its blocks."""
    window = effect_of(engine(), genome(), SNV).window
    start = window.start + 100
    question = BackgroundQuestion.at(engine(), genome(), window, count=BLOCK + 5, seed=3, starts=(start, window.start))
    assert question.starts == (start,)  # the other is not shown
    variants = question.variants
    assert len({variant.position for variant in variants}) == len(variants) == BLOCK + 5
    for variant in variants:
        assert LETTERS[variant.position - 1] == variant.ref != variant.alt
    assert variants == BackgroundQuestion.at(engine(), genome(), window, count=BLOCK + 5, seed=3).variants
    assert variants != BackgroundQuestion.at(engine(), genome(), window, count=BLOCK + 5, seed=4).variants

    class Stop(Exception): ...

    def stop(share: float) -> None:
        if share > 0.9:
            raise Stop

    store = BackgroundStore(tmp_path)
    with pytest.raises(Stop):
        question.answer(store, stop)
    assert len(question.kept(store)) == BLOCK
    found = question.answer(store)
    assert len(found) == found.asked == BLOCK + 5
    first = peer(LETTERS[window.start : window.end])
    place = variants[1].position - 1
    changed = LETTERS[:place] + variants[1].alt + LETTERS[place + 1 :]
    effect = peer(changed[window.start : window.end]) - first
    np.testing.assert_allclose(found.values["sad"][1], effect.mean(axis=0), atol=1e-6)
    middle = 100 // SIZE - CROP
    np.testing.assert_allclose(
        found.values[start_name(start)][1], effect[middle - 1 : middle + 2].mean(axis=0), atol=1e-6
    )
    sizes = np.abs(found.values["sad"][:, 2])
    assert found.percentile(2, -10) == 100
    assert found.percentile(2, 0) == 0
    assert found.percentile(2, -np.median(sizes)) == pytest.approx(50)
    assert f"{BLOCK + 5} random" in found.sentence(50)


def test_background_job(tmp_path: Path) -> None:
    window = effect_of(engine(), genome(), SNV).window
    question = BackgroundQuestion.at(engine(), genome(), window, count=2 * BLOCK)
    store, timings = BackgroundStore(tmp_path / "b"), Timings(tmp_path / "t.json")
    assert background_seconds(question, store, timings) is None
    store.put(question.block_key(1), question.block(1))
    kept = (tmp_path / "b").rglob("*").__iter__
    assert any(path.is_file() for path in kept())
    with closing(manager_in(tmp_path)) as manager:
        manager.wait(manager.submit(background_job(question, store, timings, title="t", queue="cpu", owner="me")))
    assert len(question.kept(store)) == 2 * BLOCK
    assert background_seconds(question, store, timings) == 0
    assert background_seconds(replace(question, seed=9), store, timings) > 0


def test_background_needs_letters() -> None:
    where = ToyGenome(chr1="N" * 400 + "ACGT" * 5 + "N" * 400)
    window = effect_of(engine(), genome(), SNV).window.shift(-200)
    question = BackgroundQuestion.at(engine(), where, window)
    with pytest.raises(SequenceError, match="known letters"):
        random_changes(question.stretch, window, 200, 0)


def test_attention_that_changed() -> None:
    """Against the engine's own weights of the edited sequence; rows sum to 1; nothing where nothing changed."""
    found = attention_change(engine(), genome(), SNV, rows=4)
    letters = LETTERS[found.window.start : found.window.end]
    place = SNV.position - 1 - found.window.start
    edited = letters[:place] + SNV.alt + letters[place + 1 :]
    one, two = (engine().attention(text, [0, 1]) for text in (letters, edited))
    weights = [np.stack([result.layer(layer) for layer in (0, 1)]) for result in (one, two)]
    np.testing.assert_allclose(found.change, np.abs(weights[1] - weights[0]).sum(axis=-1) / 2, atol=1e-6)
    means = [weight.mean(axis=(0, 1)) for weight in weights]
    moved = np.abs(means[1] - means[0]).sum(axis=1) / 2
    np.testing.assert_allclose(found.row_change, moved, atol=1e-6)
    assert list(found.top) == np.argsort(-moved)[:4].tolist()
    np.testing.assert_allclose(found.alt_rows, means[1][list(found.top)], atol=1e-6)
    np.testing.assert_allclose(found.ref_rows.sum(axis=1), 1, atol=1e-5)
    assert found.bin_interval(place // SIZE).contains(SNV.interval)
    assert found.strongest(found.top[0]) == np.unravel_index(found.change[:, :, found.top[0]].argmax(), (2, 2))
    with pytest.raises(SelectionError):
        attention_change(engine(), genome(), SNV, rows=33)


def test_attention_after_a_whole_bin_was_inserted() -> None:
    """Rows and columns stand in the reference's frame: what lies right of the insertion is moved back by a bin."""
    insertion = Variant("chr1", 601, LETTERS[600], LETTERS[600] + "GATTACAT")
    found = attention_change(engine(), genome(), insertion, rows=32)
    start = found.window.start
    changed = LETTERS[:601] + "GATTACAT" + LETTERS[601:]
    left, right = (
        np.stack([engine().attention(changed[start + by :][:256], [0, 1]).layer(n) for n in (0, 1)]).mean(axis=(0, 1))
        for by in (0, 8)
    )
    turn = (601 - start) // SIZE  # the bin that holds the insertion
    rows = dict(zip(found.top, found.alt_rows, strict=True))
    np.testing.assert_allclose(rows[turn - 2][:turn], left[turn - 2][:turn], atol=1e-6)
    np.testing.assert_allclose(rows[turn - 2][turn + 1 : 31], left[turn - 2][turn + 2 :], atol=1e-6)
    np.testing.assert_allclose(rows[turn + 2][turn + 1 :], right[turn + 2][turn + 1 :], atol=1e-6)
    np.testing.assert_allclose(rows[turn + 2][1:turn], right[turn + 2][: turn - 1], atol=1e-6)
    assert "moved back by whole bins" in found.rule
