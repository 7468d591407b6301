"""The logit lens: its last row is the model itself, its other rows follow by hand."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import transformers as hf

from core.errors import SelectionError
from core.language import lens as lens_module
from core.language import load_model
from core.language.forward import read, states, word_logits
from core.language.lens import Lens, _ranks, _top, logit_lens
from tests.core.language.test_predict import MASKED, SENTENCE, model_logits

CASES = [
    ("gpt2", SENTENCE, None),
    ("bert", MASKED, None),
    ("bert", "The [MASK] fox", "The lazy dog"),
    ("distilbert", MASKED, None),
    ("marian", "The lazy dog", "La rue"),
]


@pytest.mark.parametrize(("name", "text", "target"), CASES)
def test_last_row_is_the_models_own_output(random_model, name, text, target):
    model = random_model(name)
    found = logit_lens(model, text, target)
    theirs = model_logits(model, text, target).softmax(-1)
    best = theirs.topk(5)
    np.testing.assert_allclose(found.probabilities[-1], best.values, atol=1e-6)
    np.testing.assert_array_equal(found.ids[-1], best.indices)
    assert found.rows == ("embeddings", "after layer 0", "after layer 1", "after layer 2")
    known = found.real_ids >= 0
    real = theirs[np.flatnonzero(known), found.real_ids[known]]
    np.testing.assert_allclose(found.real_probabilities[-1, known], real, atol=1e-6)
    rank = 1 + (theirs[known] > real[:, None]).sum(-1)
    np.testing.assert_array_equal(found.real_ranks[-1, known], rank)


@pytest.mark.parametrize(("name", "text", "target"), CASES)
def test_each_row_is_a_model_that_stops_there(random_model, name, text, target):
    """A copy with the later layers taken out is transformers' own answer for that row."""
    model = random_model(name)
    found = logit_lens(model, text, target)
    reading = read(model, text, target)
    for kept in range(3):
        module = copy.deepcopy(model.module)
        if name == "gpt2":
            module.transformer.h = module.transformer.h[:kept]
        elif name == "marian":
            module.model.decoder.layers = module.model.decoder.layers[:kept]
        elif name == "bert":
            module.bert.encoder.layer = module.bert.encoder.layer[:kept]
        else:
            module.distilbert.transformer.layer = module.distilbert.transformer.layer[:kept]
        ids = torch.tensor([reading.sequence.ids])
        with torch.inference_mode():
            if name == "marian":
                output = module(input_ids=torch.tensor([reading.source.ids]), decoder_input_ids=ids)
            elif name == "bert":
                output = module(ids, token_type_ids=torch.tensor([reading.segments]))
            else:
                output = module(ids)
        best = output.logits[0].softmax(-1).topk(5).values
        np.testing.assert_allclose(found.probabilities[kept], best, atol=1e-6)


def test_by_hand(tmp_path):
    """Width 2, no attention; the layer turns (1, -1) into (-1, 1). Logits are ln_f(state) · embedding."""
    config = hf.GPT2Config(vocab_size=3, n_positions=4, n_layer=1, n_head=1, n_embd=2)
    module = hf.GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for norm in (module.transformer.ln_f, module.transformer.h[0].ln_1, module.transformer.h[0].ln_2):
            norm.weight.fill_(1)
        module.transformer.wte.weight.copy_(torch.tensor([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]]))
        module.transformer.h[0].mlp.c_proj.bias.copy_(torch.tensor([-2.0, 2.0]))
    module.save_pretrained(tmp_path)
    found = logit_lens(load_model(tmp_path), [0, 2, 1])
    total = np.exp(2) + 1 + np.exp(-2)
    high, middle, low = np.exp(2) / total, 1 / total, np.exp(-2) / total
    np.testing.assert_allclose(
        found.probabilities,
        [[[high, middle, low], [1 / 3] * 3, [high, middle, low]], [[high, middle, low]] * 3],
        atol=1e-4,
    )
    assert found.ids.tolist() == [[[0, 2, 1], [0, 1, 2], [1, 2, 0]], [[1, 2, 0]] * 3]
    assert found.real_ids.tolist() == [2, 1, -1]
    assert found.real_labels == ("2", "1", "")
    np.testing.assert_allclose(found.real_probabilities, [[middle, 1 / 3, np.nan], [middle, high, np.nan]], atol=1e-4)
    assert found.real_ranks.tolist() == [[2, 2, 0], [2, 1, 0]]
    assert found.labels[1, 0].tolist() == ["1", "2", "0"]


def test_ties_are_broken_by_id():
    logits = torch.tensor([[0.0, 2.0, 1.0, 2.0, 1.0, 1.0], [5.0, 0.0, 0.0, 0.0, 6.0, 0.0]])
    assert _top(logits, 3).tolist() == [[1, 3, 2], [4, 0, 1]]
    assert _top(logits, 6).tolist() == [[1, 3, 2, 4, 5, 0], [4, 0, 1, 2, 3, 5]]
    assert _top(torch.zeros(1, 300), 5).tolist() == [[0, 1, 2, 3, 4]]
    assert _ranks(logits, torch.tensor([4, 5])).tolist() == [4, 6]


def test_masked_words_have_no_real_token(random_model):
    found = logit_lens(random_model("bert"), "The [MASK] fox")
    assert found.predicts == "masked"
    assert found.real_labels == ("[CLS]", "The", "", "fox", "[SEP]")
    assert np.isnan(found.real_probabilities[:, 2]).all()
    assert (found.real_ranks[:, 2] == 0).all()
    assert (found.real_ranks[:, 1] >= 1).all()


def test_pieces_do_not_change_the_answer(random_model, monkeypatch):
    model = random_model("gpt2")
    whole = logit_lens(model, SENTENCE)
    monkeypatch.setattr(lens_module, "LOGITS_BYTES", 4 * model.vocabulary_size * 2)
    shares = []
    pieces = logit_lens(model, SENTENCE, on_progress=shares.append)
    np.testing.assert_array_equal(whole.ids, pieces.ids)
    np.testing.assert_allclose(whole.real_probabilities, pieces.real_probabilities, atol=1e-6)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_part_of_a_text(random_model):
    model = random_model("gpt2")
    whole, part = logit_lens(model, SENTENCE), logit_lens(model, SENTENCE, span=(3, 6))
    np.testing.assert_array_equal(part.ids, whole.ids[:, 3:6])
    np.testing.assert_array_equal(part.real_ranks, whole.real_ranks[:, 3:6])
    np.testing.assert_allclose(part.probabilities, whole.probabilities[:, 3:6], atol=1e-6)
    assert part.columns == whole.columns[3:6]
    assert part.real_labels == whole.columns[4:7]
    assert part.table()["position"].tolist() == [3, 4, 5] * 4
    for span in ((4, 4), (-1, 3), (0, 999)):
        with pytest.raises(SelectionError, match="the text has"):
            logit_lens(model, SENTENCE, span=span)


def test_heads_switched_off_change_later_rows_only(random_model):
    model = random_model("gpt2")
    whole, without = logit_lens(model, SENTENCE), logit_lens(model, SENTENCE, without=[(1, 2)])
    np.testing.assert_allclose(whole.probabilities[:2], without.probabilities[:2], atol=1e-7)
    assert not np.allclose(whole.probabilities[2], without.probabilities[2], atol=1e-4)
    assert without.without == ((1, 2),)


def test_sorting_model_decides_late(test_data):
    """The embeddings of one letter know nothing of the others; the last layer is certain."""
    found = logit_lens(load_model(test_data / "language" / "gpt_nano_sort"), [2, 0, 1, 1, 0, 2, 0, 0, 1, 1, 2])
    sorting = slice(5, 10)
    assert (found.real_probabilities[-1, sorting] > 0.99).all()
    assert (found.real_probabilities[0, sorting] < 0.9).any()


def test_storybook_lens_reads_words():
    found = logit_lens(load_model("storybook-gpt"), "Once upon a time there was", top=3)
    assert found.labels.shape == (7, len(found.sequence), 3)
    assert found.labels[-1, -2, 0] == found.real_labels[-2] == "·was"
    table = found.table()
    assert len(table) == 7 * len(found.sequence)
    assert table.iloc[-2]["guess"] == "·was"
    assert found.provenance.weights == "teaching"


def test_no_head_no_lens(minilm, random_model):
    with pytest.raises(SelectionError, match="no head that predicts words"):
        logit_lens(minilm, SENTENCE)
    for top in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            logit_lens(random_model("gpt2"), SENTENCE, top=top)


def test_a_large_vocabulary_is_never_whole_in_memory(tmp_path, monkeypatch):
    """GPT-2's vocabulary: the logits of its 1,024 tokens would be 206 MB a layer."""
    config = hf.GPT2Config(vocab_size=50_257, n_positions=256, n_layer=1, n_head=2, n_embd=8)
    hf.GPT2LMHeadModel(config).save_pretrained(tmp_path)
    model = load_model(tmp_path)
    ids = np.random.default_rng(0).integers(0, 50_257, 256).tolist()
    sizes = []

    def measured(*arguments, **options):
        logits = word_logits(*arguments, **options)
        sizes.append(logits.nbytes)
        return logits

    monkeypatch.setattr(lens_module, "word_logits", measured)
    found = logit_lens(model, ids)
    assert max(sizes) <= lens_module.LOGITS_BYTES <= 20e6
    assert sum(sizes) == 2 * 256 * 50_257 * 4
    theirs = model_logits_at(model, ids, 200)
    np.testing.assert_allclose(found.probabilities[-1, 200], theirs.softmax(-1).topk(5).values, atol=1e-6)


def model_logits_at(model, ids, place):
    with torch.inference_mode():
        return model.module(torch.tensor([ids]), logits_to_keep=len(ids) - place).logits[0, 0]


def test_the_model_is_left_as_it_was(random_model):
    model = random_model("bert")
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    logit_lens(model, MASKED, without=[(0, 0)])
    states(model, read(model, MASKED), without=((1, 1),))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.module.modules())
    for name, value in model.module.state_dict().items():
        assert torch.equal(value, before[name])


def test_value_checks_itself(random_model):
    found = logit_lens(random_model("gpt2"), "The fox")
    fields = {name: getattr(found, name) for name in Lens.__dataclass_fields__}
    for name, broken, message in (
        ("span", (0, 9), "no part"),
        ("ids", found.ids[:1], "guesses"),
        ("real_ranks", found.real_ranks[:1], "real tokens"),
        ("real_labels", ("a",), "real tokens"),
    ):
        with pytest.raises(ValueError, match=message):
            Lens(**fields | {name: broken})
