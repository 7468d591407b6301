"""Next-token and masked-word distributions, against transformers itself and by hand."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
import torch
import transformers as hf

from core.errors import SelectionError, TextError
from core.language import LanguageModel, load_model
from core.language.forward import has_word_head, read, states, word_logits
from core.language.predict import TokenDistribution, entropy_bits, most_probable, token_distribution, token_labels

SENTENCE = "The animal didn't cross the street because it was too tired."
MASKED = "The animal didn't [MASK] the street because it was too tired."


def model_logits(model: LanguageModel, text: str, target: str | None = None) -> torch.Tensor:
    """(places, vocabulary) logits of the model's own forward."""
    reading = read(model, text, target)
    ids = torch.tensor([reading.sequence.ids])
    with torch.inference_mode():
        if reading.source is not None:
            return model.module(input_ids=torch.tensor([reading.source.ids]), decoder_input_ids=ids).logits[0]
        extra = {"token_type_ids": torch.tensor([reading.segments])} if model.card.architecture == "bert" else {}
        return model.module(ids, **extra).logits[0]


@pytest.mark.parametrize(
    ("name", "text", "target", "place"),
    [
        ("gpt2", SENTENCE, None, -1),
        ("bert", MASKED, None, None),
        ("distilbert", MASKED, None, None),
        ("marian", "The lazy dog", "La rue", -1),
        ("marian", "The lazy dog", None, -1),
    ],
)
def test_equals_softmax_of_the_models_own_logits(random_model, name, text, target, place):
    model = random_model(name)
    found = token_distribution(model, text, target, top=7)
    tokens = read(model, text, target).sequence.tokens
    place = tokens.index("[MASK]") if place is None else len(tokens) - 1
    theirs = model_logits(model, text, target)[place].softmax(-1)
    assert found.position == place
    assert found.at == tokens[place].replace("Ġ", "·").replace("▁", "·")
    assert found.ids == tuple(theirs.topk(7).indices.tolist())
    np.testing.assert_allclose(found.probabilities, theirs.topk(7).values, atol=1e-6)
    assert found.entropy_bits == pytest.approx(-float((theirs * theirs.log2()).sum()), abs=1e-4)
    assert found.labels == token_labels(model, found.ids)
    assert not found.probabilities.flags.writeable


def test_every_place_of_a_text_can_be_asked_for(random_model):
    model = random_model("gpt2")
    theirs = model_logits(model, SENTENCE).softmax(-1)
    for position in (0, 3):
        found = token_distribution(model, SENTENCE, position=position, top=1)
        assert found.probabilities[0] == pytest.approx(float(theirs[position].max()), abs=1e-6)
    bert = random_model("bert")
    assert token_distribution(bert, SENTENCE, position=2).position == 2  # no [MASK] needed


def test_second_sentence_of_a_pair_is_read_with_its_segment(random_model):
    model = random_model("bert")
    pair = "The [MASK] fox", "The lazy dog"
    theirs = model_logits(model, *pair)[2].softmax(-1)
    found = token_distribution(model, *pair)
    np.testing.assert_allclose(found.probabilities, theirs.topk(10).values, atol=1e-6)
    with pytest.raises(TextError, match="reads one text"):
        token_distribution(random_model("gpt2"), *pair)


def test_the_first_of_several_masks_is_guessed(random_model):
    found = token_distribution(random_model("bert"), "The [MASK] [MASK] dog")
    assert (found.position, found.at) == (2, "[MASK]")


def test_recorded_gpt2_logits_give_its_known_words(test_data):
    from core.language.tokenization import load_tokenizer

    recorded = np.load(test_data / "language" / "gpt2_recorded.npz")
    tokenizer = load_tokenizer(test_data / "language" / "gpt2_tokenizer", "gpt2")
    for prompt in range(3):
        logits = recorded[f"logits_{prompt}"].astype(np.float64)
        logs = logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        ids = most_probable(logs, 5)
        assert ids[0] == logits.argmax()
        assert (np.diff(logs[ids]) <= 0).all()
        assert np.exp(logs).sum() == pytest.approx(1)
        assert all(label.startswith("·") or label.isalpha() or not label.isalnum() for label in tokenizer.labels(ids))


def test_ties_are_broken_by_id():
    logs = np.log([0.1, 0.4, 0.4, 0.1])
    assert most_probable(logs, 4).tolist() == [1, 2, 0, 3]
    assert most_probable(logs, 9).tolist() == [1, 2, 0, 3]
    with pytest.raises(ValueError, match="at least one"):
        most_probable(logs, 0)


def test_entropy_by_hand():
    assert entropy_bits(np.log([0.5, 0.25, 0.25])) == pytest.approx(1.5)
    assert entropy_bits(np.array([0.0, -np.inf])) == 0


def test_sorting_model_is_certain_of_the_right_letter(test_data):
    model = load_model(test_data / "language" / "gpt_nano_sort")
    ids, right = [2, 0, 1, 1, 0, 2], [0, 0, 1, 1, 2, 2]
    for done in range(6):
        found = token_distribution(model, ids + right[:done])
        assert found.ids[0] == right[done]
        assert found.labels[0] == str(right[done])
        assert found.probabilities[0] > 0.99
        assert found.entropy_bits < 0.1
        assert len(found.ids) == 3  # the whole vocabulary
        assert found.probabilities.sum() == pytest.approx(1, abs=1e-6)


def test_storybook_gpt_goes_on_with_a_familiar_opening():
    found = token_distribution(load_model("storybook-gpt"), "Once upon a time there")
    assert found.labels[0] == "·was"
    assert found.table()["token"][0] == "·was"
    assert found.provenance.weights == "teaching"


def test_labels_of_any_id(random_model, test_data):
    marian, bert, gpt2 = (random_model(name) for name in ("marian", "bert", "gpt2"))
    sequence = read(marian, "The lazy dog", "La rue").source
    assert token_labels(marian, sequence.ids) == sequence.labels
    sequence = read(gpt2, "The lazy dog 🦊").sequence
    assert token_labels(gpt2, sequence.ids) == sequence.labels
    assert any(label.startswith("·") for label in sequence.labels)
    assert any(label.startswith("⟨f0⟩") for label in sequence.labels)
    assert token_labels(bert, [4]) == ("[MASK]",)
    assert token_labels(bert, [99_999]) == ("⟨id 99999⟩",)
    assert token_labels(load_model(test_data / "language" / "gpt_nano_sort"), [2, 0]) == ("2", "0")


def test_nothing_to_guess_or_nowhere(random_model, minilm):
    with pytest.raises(SelectionError, match=r"type \[MASK\] where a word should be guessed"):
        token_distribution(random_model("bert"), SENTENCE)
    with pytest.raises(SelectionError, match="no head that predicts words"):
        token_distribution(minilm, MASKED)
    for position in (-1, 99):
        with pytest.raises(SelectionError, match=f"Token {position} does not exist: the text has"):
            token_distribution(random_model("gpt2"), SENTENCE, position=position)
    with pytest.raises(SelectionError, match="Layer 9, head 0 does not exist"):
        token_distribution(random_model("gpt2"), SENTENCE, without=[(9, 0)])
    with pytest.raises(SelectionError, match="has no cross attention"):
        token_distribution(random_model("gpt2"), SENTENCE, kind="cross")


def test_which_models_predict_words(random_model, minilm, test_data, tmp_path):
    assert all(has_word_head(random_model(name)) for name in ("gpt2", "bert", "distilbert", "marian"))
    assert not has_word_head(minilm)
    sizes = {"vocab_size": 20, "n_positions": 8, "n_layer": 1, "n_head": 2, "n_embd": 8}
    for tied in (True, False):  # files without a head: the embeddings serve as one only if the config ties them
        folder = tmp_path / f"tied-{tied}"
        hf.GPT2Model(hf.GPT2Config(**sizes, tie_word_embeddings=tied)).save_pretrained(folder)
        model = load_model(folder)
        assert has_word_head(model) is tied
        if tied:
            reading = read(model, [1, 2, 3])
            hidden = states(model, reading)[-1]
            expected = hidden @ model.module.transformer.wte.weight.T
            torch.testing.assert_close(word_logits(model, hidden, final=True), expected)


def test_masked_word_head_of_a_pretraining_checkpoint(random_model, model_folder, tmp_path):
    """A BertForPreTraining file has one more head; its word head must be the one that is used."""
    torch.manual_seed(5)
    config = hf.BertConfig.from_pretrained(model_folder("bert"))
    whole = hf.BertForPreTraining(config).eval()
    with torch.no_grad():
        whole.cls.predictions.bias.normal_()
    whole.save_pretrained(tmp_path)
    model = load_model(tmp_path)
    ids = [1, 7, 4, 9]
    with torch.inference_mode():
        theirs = whole(torch.tensor([ids])).prediction_logits[0, 2].softmax(-1)
    found = token_distribution(model, ids, position=2)
    np.testing.assert_allclose(found.probabilities, theirs.topk(10).values, atol=1e-6)


def test_a_translation_counts_its_decoders_places(random_model):
    model = random_model("marian")
    reading = read(model, "The lazy dog", "La rue")
    assert reading.sequence.ids[0] == model.start_id
    assert reading.following == (*reading.sequence.ids[1:], model.module.config.eos_token_id)
    first = token_distribution(model, "The lazy dog", "La rue", position=0)
    assert first.position == 0
    own = read(model, "The lazy dog")
    assert own.target_text is None
    assert own.following[0] == own.sequence.ids[1]


def test_many_people_at_once_get_right_answers(random_model):
    model = random_model("gpt2")
    heads = [(), ((0, 1),), ((1, 2), (2, 0))]
    expected = [token_distribution(model, SENTENCE, without=chosen).probabilities for chosen in heads]
    assert not np.allclose(expected[0], expected[1])
    wrong = []

    def ask(which: int) -> None:
        for _ in range(8):
            found = token_distribution(model, SENTENCE, without=heads[which]).probabilities
            if not np.allclose(found, expected[which], atol=1e-7):
                wrong.append(which)

    threads = [threading.Thread(target=ask, args=(i % 3,)) for i in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong


def test_value_checks_itself(random_model):
    provenance = random_model("gpt2").provenance
    with pytest.raises(ValueError, match="differ in length"):
        TokenDistribution(("a",), (1, 2), np.ones(2, dtype=np.float32), 0.0, 0, "x", provenance)
    assert math.isfinite(token_distribution(random_model("gpt2"), SENTENCE, top=10_000).entropy_bits)
