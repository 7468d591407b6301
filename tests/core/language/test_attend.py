"""Attention against transformers' own outputs, recorded GPT-2, and by construction."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from core.errors import DeviceMemoryError, EmptyTextError, SelectionError, TextError, TextTooLongError
from core.language import attend, attention, load_model
from core.language.values import attention_weights, proof

SENTENCE = "The animal didn't cross the street because it was too tired."
TOLERANCE = 1e-6


def own_attention(model, result):
    """What transformers itself returns for the same ids, (layers, heads, query, key)."""
    ids = torch.tensor([result.source.ids])
    with torch.inference_mode():
        output = model.module(input_ids=ids, attention_mask=torch.ones_like(ids), output_attentions=True)
    return np.stack([a[0].numpy() for a in output.attentions])


@pytest.mark.parametrize(
    ("name", "kind"), [("gpt2", "causal"), ("bert", "bidirectional"), ("distilbert", "bidirectional")]
)
def test_equals_output_attentions_of_transformers(random_model, name, kind):
    model = random_model(name)
    result = attention(model, SENTENCE)
    assert result.kind == kind
    assert result.weights.dtype == np.float32
    assert result.weights.shape == (3, 4, len(result.tokens), len(result.tokens))
    np.testing.assert_allclose(result.weights, own_attention(model, result), atol=TOLERANCE, rtol=0)


def test_bundled_encoder_equals_transformers_and_links_it_to_animal(minilm):
    result = attention(minilm, SENTENCE)
    np.testing.assert_allclose(result.weights, own_attention(minilm, result), atol=TOLERANCE, rtol=0)
    it = result.tokens.index("it")
    for layer, head in [(0, 6), (3, 1), (5, 11)]:  # measured, see the design notes
        assert result.tokens[result.head(layer, head)[it].argmax()] == "animal"


@pytest.mark.parametrize("kind", ["cross", "encoder", "decoder"])
def test_translation_model_equals_transformers(random_model, kind):
    model = random_model("marian")
    cross = attention(model, "The lazy dog", "La rue")
    source, target = torch.tensor([cross.source.ids]), torch.tensor([cross.target.ids])
    with torch.inference_mode():
        output = model.module(
            input_ids=source,
            attention_mask=torch.ones_like(source),
            decoder_input_ids=target,
            output_attentions=True,
        )
    theirs = np.stack([a[0].numpy() for a in getattr(output, f"{kind}_attentions")])
    result = attention(model, "The lazy dog", "La rue", kind=kind)
    assert result.kind == kind
    np.testing.assert_allclose(result.weights, theirs, atol=TOLERANCE, rtol=0)


def test_translation_model_writes_its_own_target(random_model):
    """Greedy, step by step by hand: the likeliest next token, never the padding token."""
    model = random_model("marian")
    result = attention(model, "The lazy dog")
    source = torch.tensor([result.source.ids])
    written = [model.start_id]
    with torch.inference_mode():
        while len(written) < len(result.target):
            output = model.module(
                input_ids=source, attention_mask=torch.ones_like(source), decoder_input_ids=torch.tensor([written])
            )
            logits = output.logits[0, -1]
            logits[model.start_id] = -torch.inf
            written.append(int(logits.argmax()))
    assert result.kind == "cross"
    assert result.target.ids == tuple(written)
    assert model.module.config.eos_token_id not in written


def test_sentence_pair_of_an_encoder(random_model):
    model = random_model("bert")
    result = attention(model, "The quick fox", "The lazy dog")
    assert result.tokens.count("[SEP]") == 2
    ids = torch.tensor([result.source.ids])
    segments = torch.tensor([[0] * 5 + [1] * (len(result.tokens) - 5)])
    with torch.inference_mode():
        theirs = model.module(input_ids=ids, token_type_ids=segments, output_attentions=True).attentions
    np.testing.assert_allclose(result.weights[2], theirs[2][0].numpy(), atol=TOLERANCE, rtol=0)


def test_gpt_nano_sort_exactly_and_by_ids(test_data):
    model = load_model(test_data / "language" / "gpt_nano_sort")
    ids = [2, 0, 1, 1, 0, 2]
    result = attention(model, ids)
    assert result.tokens == ("2", "0", "1", "1", "0", "2")
    np.testing.assert_allclose(result.weights, own_attention(model, result), atol=TOLERANCE, rtol=0)
    with torch.inference_mode():
        written = list(ids)
        for _ in range(6):
            written.append(int(model.module(input_ids=torch.tensor([written[:11]])).logits[0, -1].argmax()))
    assert written[6:] == sorted(ids)


def test_softmax_equals_recorded_gpt2(test_data):
    recorded = np.load(test_data / "language" / "gpt2_recorded.npz")
    for prompt in range(3):
        logits, weights = recorded[f"scaled_{prompt}"], recorded[f"attn_{prompt}"]
        allowed = np.tril(np.ones(logits.shape[-2:], dtype=bool))
        np.testing.assert_allclose(attention_weights(logits, allowed), weights, atol=TOLERANCE, rtol=0)


def test_rows_sum_to_one_and_the_future_gets_exactly_zero(random_model):
    result = attention(random_model("gpt2"), SENTENCE)
    found = proof(result.weights, result.allowed)
    assert found.row_sum_error < TOLERANCE
    assert found.masked_weight == 0.0
    assert not result.allowed[0, 1]
    assert result.allowed[1, 0]


def test_long_text_is_computed_a_head_at_a_time(tmp_path):
    from tests.core.language import folders

    model = load_model(folders.gpt2(tmp_path / "long", context=1024))
    ids = np.random.default_rng(0).integers(0, model.vocabulary_size, 1024).tolist()
    result = attention(model, ids)
    assert "weights" not in vars(result)  # nothing large was made
    assert result.nbytes < 4 * 3 * 4 * 1024 * 1024 / 2
    with torch.inference_mode():
        theirs = model.module(input_ids=torch.tensor([ids]), output_attentions=True).attentions
    np.testing.assert_allclose(result.head(2, 3), theirs[2][0, 3].numpy(), atol=TOLERANCE, rtol=0)


def test_the_model_is_left_as_it_was(random_model):
    model = random_model("gpt2")
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    attention(model, SENTENCE)
    assert not model.module.training
    for module in model.module.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    for name, value in model.module.state_dict().items():
        assert torch.equal(value, before[name])


def test_two_people_at_once_get_right_answers(random_model):
    model = random_model("bert")
    texts = ["The quick brown fox", "The lazy dog jumps over the street because it was tired"]
    expected = [attention(model, text).weights for text in texts]
    wrong = []

    def ask(which: int) -> None:
        for _ in range(10):
            if not np.array_equal(attention(model, texts[which]).weights, expected[which]):
                wrong.append(which)

    threads = [threading.Thread(target=ask, args=(i % 2,)) for i in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong


@pytest.mark.parametrize("text", ["", "   ", "\n\t ", "\x00\x01"])
def test_nothing_to_read(random_model, text):
    with pytest.raises(EmptyTextError, match="type a sentence"):
        attention(random_model("gpt2"), text)


@pytest.mark.parametrize("name", ["gpt2", "bert"])
def test_too_long_text_offers_the_part_that_fits(random_model, name):
    model = random_model(name)
    text = SENTENCE + " " + " ".join(["The lazy dog jumps."] * 60)
    with pytest.raises(TextTooLongError, match="reads at most 64; cut it after") as caught:
        attention(model, text)
    error = caught.value
    assert error.limit == 64
    assert text.startswith(error.kept_text)
    kept = attention(model, error.kept_text)
    assert 55 < len(kept.tokens) <= 64


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "👩‍🔬 and 🇫🇷",
        "שלום עולם",
        "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
        "a\x00b\x1bc",
        "tab\tand\nline",
        "\ud800 lone surrogate",
    ],
)
@pytest.mark.parametrize("name", ["gpt2", "bert"])
def test_strange_text_still_gives_attention(random_model, name, text):
    result = attention(random_model(name), text)
    spelled = "".join(w for w, (start, _) in zip(result.words, result.word_spans, strict=True)
                      if not result.source.special[start])  # fmt: skip
    visible = "".join(c for c in text if (not c.isspace() and c.isprintable()) or c in "\u200d\u034f")
    assert spelled.replace("⏎", "").replace("⇥", "") == visible


def test_removed_and_unknown_characters_are_named(random_model):
    assert "U+0000" in attention(random_model("gpt2"), "a\x00b").notes[0]
    assert "unknown to" in attention(random_model("bert"), "שלום").notes[0]


def test_a_model_without_tokenizer_says_so(test_data):
    model = load_model(test_data / "language" / "gpt_nano_sort")
    with pytest.raises(TextError, match="takes token ids from 0 to 2; type numbers such as 0 2 1"):
        attention(model, "ABC")
    assert attention(model, "[0, 2, 1]").source.ids == attention(model, "0 2 1").source.ids == (0, 2, 1)
    with pytest.raises(TextError, match="Token id 3 is outside"):
        attention(model, [0, 3])
    with pytest.raises(EmptyTextError):
        attention(model, [])


def test_a_long_source_of_a_translation_can_be_cut(random_model):
    model = random_model("marian")
    with pytest.raises(TextTooLongError, match="cut it after") as caught:
        attention(model, SENTENCE * 8, "La rue")
    assert len(attention(model, caught.value.kept_text, "La rue").tokens) <= 64
    with pytest.raises(TextTooLongError, match="The translation is") as caught:
        attention(model, "The fox", SENTENCE * 8)
    assert caught.value.kept_text == ""  # the source must not be overwritten by the target's beginning


def test_a_text_without_tokens(minilm):
    with pytest.raises(EmptyTextError, match="finds no token"):
        attention(minilm, "\u200b")


def test_kinds_and_places_that_do_not_exist(random_model):
    model = random_model("gpt2")
    with pytest.raises(SelectionError, match="has no cross attention"):
        attention(model, SENTENCE, kind="cross")
    with pytest.raises(TextError, match="reads one text"):
        attention(model, SENTENCE, SENTENCE)
    result = attention(model, SENTENCE)
    with pytest.raises(SelectionError, match="Layer 3 does not exist: gpt2 has layers 0 to 2"):
        result.head(3, 0)
    with pytest.raises(SelectionError, match="Head -1 does not exist"):
        result.head(0, -1)


def test_too_little_memory_is_one_sentence(random_model, monkeypatch):
    class Small:
        available = 1000

    monkeypatch.setattr("psutil.virtual_memory", lambda: Small)
    with pytest.raises(DeviceMemoryError, match="shorten the text or choose a smaller model"):
        attention(random_model("gpt2"), SENTENCE)


def test_memory_fault_in_the_run_is_one_sentence(random_model, monkeypatch):
    def fail(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes.")

    monkeypatch.setattr(attend, "_self_attention", fail)
    with pytest.raises(DeviceMemoryError, match="more memory"):
        attention(random_model("gpt2"), SENTENCE)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("gpt2", None), ("bert", None), ("distilbert", None)] + [("marian", k) for k in ("cross", "encoder", "decoder")],
)
def test_heads_that_are_off_change_only_what_comes_later(random_model, name, kind):
    """The maps without a head equal transformers' own with the same head_mask, but for the head that is off."""
    model = random_model(name)
    given = (SENTENCE, "La rue") if name == "marian" else (SENTENCE,)
    off = [(1, 2), (1, 0)]
    whole, without = (attention(model, *given, kind=kind, without=heads) for heads in ((), off))
    assert without.without == ((1, 0), (1, 2))
    np.testing.assert_allclose(whole.weights[:2], without.weights[:2], atol=TOLERANCE, rtol=0)
    assert np.abs(whole.weights[2] - without.weights[2]).max() > 1e-4
    mask = torch.ones(3, 4)
    mask[1, [0, 2]] = 0
    names = {"encoder": "head_mask", "decoder": "decoder_head_mask", "cross": "cross_attn_head_mask"}
    source = torch.tensor([without.source.ids])
    if name == "marian":
        encoder = source if kind != "decoder" else torch.tensor([attention(model, *given, kind="encoder").source.ids])
        target = torch.tensor([attention(model, *given, kind="decoder").target.ids])
        ids = {"input_ids": encoder, "attention_mask": torch.ones_like(encoder), "decoder_input_ids": target}
    else:
        ids = {"input_ids": source, "attention_mask": torch.ones_like(source)}
    with torch.inference_mode():
        output = model.module(**ids, **{names.get(kind, "head_mask"): mask}, output_attentions=True)
    theirs = getattr(output, f"{kind}_attentions") if kind else output.attentions
    np.testing.assert_allclose(without.weights[2], theirs[2][0].numpy(), atol=TOLERANCE, rtol=0)


def test_a_head_that_is_not_there_cannot_be_off(random_model):
    with pytest.raises(SelectionError, match=r"Layer 3, head 0 does not exist: .* layers 0 to 2 with heads 0 to 3"):
        attention(random_model("gpt2"), SENTENCE, without=[(3, 0)])


def test_plain_runs_and_runs_without_heads_at_once(random_model):
    """The model is shared: nobody's switched-off head may reach somebody else's run."""
    model = random_model("gpt2")
    sets = [(), ((0, 1),), ((0, 0), (1, 3)), ()]
    expected = [attention(model, SENTENCE, without=heads).weights for heads in sets]
    wrong: list[int] = []

    def run(index: int) -> None:
        for _ in range(12):
            found = attention(model, SENTENCE, without=sets[index]).weights
            if not np.array_equal(found, expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(sets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
