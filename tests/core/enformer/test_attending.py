"""What some bins attend to: against the reference's own weights, by hand, on disk."""

from __future__ import annotations

import copy
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from core.cards import Provenance
from core.enformer import EnformerEngine, attending, load_model, transformer
from core.enformer.asking import Question
from core.enformer.attending import AttentionProfile, attention_profile
from core.enformer.attention_asking import (
    AttentionQuestion,
    ProfileStore,
    cost_over_prediction,
    kind_of,
    tower_lacks,
)
from core.enformer.averaging import Averaging
from core.enformer.packing import pack, unpack
from core.errors import JobCancelledError, SelectionError, SequenceError
from core.genome import Interval, one_hot, open_genome
from tests.core.enformer.engine_toys import letters, small

TOLERANCE = 1e-5  # of weights between 0 and 1, float32 on both sides


def own_weights(module, sequence: str) -> np.ndarray:
    """(layers, heads, bins, bins): what enformer_pytorch's own blocks compute, read behind their softmax on a copy."""
    peer = copy.deepcopy(module).eval()
    found: list[torch.Tensor] = []
    for block in peer.transformer:
        block[0].fn[1].attn_dropout.register_forward_hook(lambda _, given, out: found.append(given[0][0]))
    with torch.inference_mode():
        peer(torch.from_numpy(one_hot(sequence)), head="human", target_length=-1)
    return torch.stack(found).numpy()


@pytest.mark.parametrize("query", [[7], [5, 6, 7], [0], [0, 39]])
def test_it_is_the_mean_of_the_references_own_rows(query):
    module = small()
    sequence = letters(16 * 40)
    wanted = own_weights(module, sequence)
    profile = attention_profile(EnformerEngine(module), sequence, query)
    assert profile.weights.shape == (3, 4, 40)
    assert np.abs(profile.weights - wanted[:, :, query].mean(axis=2)).max() < TOLERANCE
    np.testing.assert_allclose(profile.weights.sum(axis=-1), 1, atol=1e-5)


def test_the_trained_model_too():
    model = load_model("playground")
    place = Interval("sim4", 100_000, 100_000 + model.input_bp)
    sequence = open_genome("playground").fetch(place)
    profile = attention_profile(EnformerEngine(model), sequence, range(191, 194), interval=place)
    wanted = own_weights(model.module, sequence)
    assert np.ptp(wanted) > 0.5
    assert np.abs(profile.weights - wanted[:, :, 191:194].mean(axis=2)).max() < TOLERANCE
    assert profile.queried == Interval("sim4", 100_000 + 191 * 128, 100_000 + 194 * 128)
    assert profile.provenance.weights == "teaching"


def test_what_is_expected_is_the_mean_at_each_distance_over_all_bins():
    module, sequence, query = small(), letters(16 * 23), [3, 4, 9]
    weights = own_weights(module, sequence)
    expected = attention_profile(EnformerEngine(module), sequence, query).expected
    for layer in range(3):
        for head in range(4):
            row = [
                np.mean([np.diagonal(weights[layer, head], key - looks).mean() for looks in query]) for key in range(23)
            ]
            np.testing.assert_allclose(expected[layer, head], row, atol=TOLERANCE)


def test_a_head_that_looks_by_distance_alone_is_just_as_expected():
    """No content and keys that grow to the right: the rows differ by their edges alone."""
    module = small(depth=1, heads=1, dim=12, attn_dim_key=4, output_heads=(("human", 2),))
    block = module.transformer[0][0].fn[1]
    with torch.no_grad():
        for part in (block.to_q.weight, block.to_k.weight, block.to_rel_k.weight, block.rel_content_bias):
            part.zero_()
        block.rel_pos_bias.zero_()[..., 0] = np.log(3.0)
        block.to_rel_k.weight[0, 8:10] = torch.tensor([0.0, 1.0])  # sign x mask of distances below 3
    profile = attention_profile(EnformerEngine(module), letters(16 * 6), 0)
    row = np.array([1.0, 3, 3, 1, 1, 1])
    np.testing.assert_allclose(profile.weights[0, 0], row / row.sum(), atol=1e-6)
    whole = np.array([[3.0 if 0 < j - i < 3 else 1 / 3 if -3 < j - i < 0 else 1.0 for j in range(6)] for i in range(6)])
    whole /= whole.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(profile.expected[0, 0], [np.diagonal(whole, k).mean() for k in range(6)], atol=1e-6)


@pytest.mark.parametrize("at_once", [1, 5])
def test_rows_in_pieces_give_the_same_and_no_layer_is_held_whole(at_once, monkeypatch):
    engine, sequence = EnformerEngine(small()), letters(16 * 37)
    whole = attention_profile(engine, sequence, [10, 30])
    asked: list[tuple[int, ...]] = []
    real = transformer.rows_of_weights

    def seen(layer, states, relative, bins, pieces, found):
        asked.append(tuple(found.shape))
        real(layer, states, relative, bins, pieces, found)

    monkeypatch.setattr(attending, "ROOM_BYTES", at_once * 4 * 4 * 37)
    monkeypatch.setattr(transformer, "rows_of_weights", seen)
    pieces = attention_profile(engine, sequence, [10, 30])
    assert max(shape[1] for shape in asked) == at_once
    np.testing.assert_allclose(pieces.weights, whole.weights, atol=1e-6)
    np.testing.assert_allclose(pieces.expected, whole.expected, atol=1e-6)


def test_means_over_layers_and_heads():
    profile = attention_profile(EnformerEngine(small()), letters(16 * 12), 4)
    np.testing.assert_allclose(profile.row()[0], profile.weights.mean(axis=(0, 1)), atol=1e-7)
    np.testing.assert_allclose(profile.row(2)[0], profile.weights[2].mean(axis=0), atol=1e-7)
    np.testing.assert_allclose(profile.row(head=3)[1], profile.expected[:, 3].mean(axis=0), atol=1e-7)
    np.testing.assert_array_equal(profile.row(1, 0)[0], profile.weights[1, 0])
    with pytest.raises(SelectionError, match="Layer 3 does not exist"):
        profile.row(3)
    with pytest.raises(SelectionError, match="Head 4 does not exist"):
        profile.row(0, 4)


def test_what_is_refused():
    engine = EnformerEngine(small())
    with pytest.raises(SelectionError, match="Bin 12 does not exist; give one from 0 to 11"):
        attention_profile(engine, letters(16 * 12), [12])
    with pytest.raises(SelectionError, match="No bin is chosen"):
        attention_profile(engine, letters(16 * 12), [])
    with pytest.raises(SelectionError, match="The model has no layers"):
        attention_profile(EnformerEngine(small(depth=0)), letters(160), 0)
    with pytest.raises(SequenceError, match="no known base"):
        attention_profile(engine, "N" * 160, 0)
    good = {"bin_size_bp": 16, "interval": None, "provenance": Provenance("m", "r", "random"), "sequence_digest": ""}
    rows = np.zeros((1, 1, 4), np.float32)
    with pytest.raises(ValueError, match="is not \\(layers, heads, bins\\) float32"):
        AttentionProfile(rows, rows[:, :, :3], (0,), **good)
    with pytest.raises(ValueError, match="query bins"):
        AttentionProfile(rows, rows, (4,), **good)


def test_progress_ends_at_one_and_can_give_up():
    told: list[float] = []
    attention_profile(EnformerEngine(small()), letters(320), 0, on_progress=told.append)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)

    def stop(done: float) -> None:
        if done > 0.5:
            raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        attention_profile(EnformerEngine(small()), letters(320), 0, on_progress=stop)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    path = tmp_path_factory.mktemp("genome") / "toy.fa"
    path.write_text(f">chr1\n{letters(20_000)}\n")
    window = Interval("chr1", 640, 640 + 16 * 40)
    return Question.at(EnformerEngine(small()), open_genome(path), window, "human", Averaging())


def test_bins_around_a_position(asked):
    assert AttentionQuestion.around(asked, 640 + 16 * 7 + 3).query_bins == (7,)
    assert AttentionQuestion.around(asked, 640 + 16 * 7, 1).query_bins == (6, 7, 8)
    assert AttentionQuestion.around(asked, 640, 1).query_bins == (0, 1)
    assert AttentionQuestion.around(asked, 640 + 16 * 40 - 1, 2).query_bins == (37, 38, 39)
    for outside in (639, 640 + 16 * 40):
        with pytest.raises(SelectionError, match=r"outside of the window that is read, chr1:641-1,280"):
            AttentionQuestion.around(asked, outside)


def test_a_kept_answer_comes_back_exactly_after_a_restart_and_a_damaged_one_does_not(asked, tmp_path, monkeypatch):
    question = AttentionQuestion.around(asked, 900, 1)
    assert question.kept(ProfileStore(tmp_path)) is None
    made = question.answer(ProfileStore(tmp_path))
    monkeypatch.setattr("core.enformer.attention_asking.attention_profile", lambda *_, **__: pytest.fail("run again"))
    told: list[float] = []
    kept = question.answer(ProfileStore(tmp_path), told.append)
    assert told == [1.0]
    np.testing.assert_array_equal(kept.weights, made.weights)
    np.testing.assert_array_equal(kept.expected, made.expected)
    fields = ("query_bins", "bin_size_bp", "interval", "provenance", "sequence_digest", "notes")
    assert all(getattr(kept, name) == getattr(made, name) for name in fields)
    assert not kept.weights.flags.writeable
    (entry,) = (path for path in tmp_path.rglob("*") if path.is_file())
    entry.write_bytes(entry.read_bytes()[:-1] + b"x")
    assert question.kept(ProfileStore(tmp_path)) is None
    assert not entry.exists()


def test_a_whole_entry_of_another_layout_counts_as_missing(asked, tmp_path, monkeypatch):
    question, store = AttentionQuestion.around(asked, 900), ProfileStore(tmp_path)
    question.answer(store)
    monkeypatch.setattr("core.enformer.attention_asking.LAYOUT", 99)
    assert store.get(question.key) is None


def test_other_bins_places_letters_weights_and_code_are_other_questions(asked, monkeypatch):
    question = AttentionQuestion.around(asked, 900)
    other = replace(asked, engine=EnformerEngine(small(seed=1)))
    keys = {
        question.key,
        AttentionQuestion.around(asked, 900, 1).key,
        AttentionQuestion.around(replace(asked, interval=asked.interval.shift(1)), 900).key,
        AttentionQuestion.around(replace(asked, sequence=letters(640, seed=9)), 900).key,
        AttentionQuestion.around(other, 900).key,
    }
    assert len(keys) == 5
    assert AttentionQuestion.around(replace(asked, head="mouse", sequence=asked.sequence.lower()), 900).key in keys
    monkeypatch.setattr("core.enformer.attention_asking.own_code_digest", lambda: "another")
    assert AttentionQuestion.around(asked, 900).key not in keys


def test_the_cost_is_a_little_more_than_a_predictions_and_much_less_behind_one(asked):
    question = AttentionQuestion.around(asked, 900)
    assert 1 < cost_over_prediction(question, 1.0) < 1.5
    assert cost_over_prediction(question, 0.0) < 0.6
    fresh = replace(question, asked=replace(asked, engine=EnformerEngine(small(seed=5))))
    assert tower_lacks(fresh) == 1
    fresh.asked.engine.predict(asked.sequence)
    assert tower_lacks(fresh) == 0
    assert kind_of(question, 0.0) == kind_of(AttentionQuestion.around(asked, 700, 2), 0.01)
    assert kind_of(question, 0.0) != kind_of(question, 1.0)
    assert kind_of(question, 0.5) is None


def test_bytes_and_back():
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros((0, 4), np.float32)}
    fields, found = unpack(pack({"x": [1, "ä"], "p": asdict(Provenance("m", "r", "random"))}, arrays))
    assert fields["x"] == [1, "ä"]
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    data = pack({}, arrays)
    for damaged in (data + b"\0\0\0\0", data[:-4], b"", b"\xff" * 20):
        with pytest.raises((ValueError, LookupError, TypeError)):
            unpack(damaged)
