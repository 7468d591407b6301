"""Storybook GPT: its data, its training code, and what the committed weights can do."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from core.errors import CorpusError
from core.files import sha256_of
from core.language import attention, load_model
from core.language.registry import STORYBOOK_FOLDER
from core.teaching.storybook import corpus, data, evaluate, guide, tokenizer, train

PASSAGES = {
    # Openings of the two held-out books (public domain), about 400 characters each.
    "The Wind in the Willows": (
        "The Mole had been working very hard all the morning, spring-cleaning his little home. First with brooms, "
        "then with dusters; then on ladders and steps and chairs, with a brush and a pail of whitewash; till he had "
        "dust in his throat and eyes, and splashes of whitewash all over his black fur, and an aching back and weary "
        "arms."
    ),
}


@pytest.fixture(scope="module")
def model():
    return load_model("storybook-gpt")


@pytest.fixture(scope="module")
def card():
    return json.loads((STORYBOOK_FOLDER / "card.json").read_text())


def test_books_are_stripped_and_two_are_held_out(test_data):
    books = corpus.load_books(test_data / "text" / "childrens_classics.txt")
    train_books, held_out = corpus.split(books)
    assert len(train_books) == 20
    assert set(held_out) == {"Pollyanna", "The Wind in the Willows"}
    assert books["Heidi"].startswith("From the old and pleasantly situated village")
    for title, text in books.items():
        assert "Etext" not in text, title
        assert "Gutenberg" not in text, title
        assert "copyright" not in text[:3000].lower(), title


def test_another_file_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="cannot be read"):
        corpus.load_books(tmp_path / "none.txt")
    (tmp_path / "two.txt").write_text("a\n\n\nb")
    with pytest.raises(CorpusError, match="holds 2 books where 22"):
        corpus.load_books(tmp_path / "two.txt")
    with pytest.raises(CorpusError, match="no paragraph starts with"):
        corpus.strip_front_matter("Title\n\nBody", corpus.BookMarks("X", "Once"))


def test_tokenizer_gives_every_byte_back():
    learned = tokenizer.train_tokenizer(["the cat sat on the mat"] * 20, 300)
    for text in ["the cat", "naïve 👩‍🔬 \x01\n\t"]:
        assert learned.decode(learned.encode(text).ids) == text
    assert learned.token_to_id("<|endoftext|>") == 0


def test_repeated_rows_can_only_be_predicted_by_copying():
    rng = np.random.default_rng(0)
    for _ in range(50):
        row, labels = data.repeated_row(rng, 257, 4096)
        (counted,) = np.nonzero(labels != data.IGNORED)
        first = counted[0]
        span = next(s for s in range(8, 128) if np.array_equal(row[first:], row[first - s : 257 - s]))
        assert np.array_equal(labels[first:], row[first:])
        assert row[first - 1] == row[first - 1 - span]  # the token before was seen, so what follows is known


def test_short_spans_and_text_spans():
    rng, text = np.random.default_rng(0), np.arange(5000, 6000)
    spans = []
    for _ in range(200):
        row, labels = data.repeated_row(rng, 257, 4096, short_spans=True, text=text)
        first = int(np.nonzero(labels != data.IGNORED)[0][0])
        span = next(s for s in range(4, 101) if np.array_equal(row[first:], row[first - s : 257 - s]))
        assert row[first] >= 5000
        spans.append(span)
    assert min(spans) == 4
    assert np.median(spans) < 30


def test_the_guide_is_zero_for_heads_that_do_what_it_wants(monkeypatch):
    """Log-weights 0 (weight 1) exactly where the guide looks give no loss; anything else does."""
    recipe = data.Recipe(context=32, width=32, layers=4, heads=2)
    model = train.build_model(recipe)
    text = torch.randint(1, 4096, (2, 32))

    def perfect(model, states, layer, head):
        _, places = guide.repeats(np.random.default_rng(1), 2, 32, 4096)
        log_weights = torch.full((4, 32, 32), -9.0)
        if layer == guide.PREVIOUS_TOKEN[0]:
            torch.diagonal(log_weights, offset=-1, dim1=1, dim2=2).zero_()
        else:
            log_weights[2:].scatter_(2, places.clamp(min=0)[..., None], 0.0)
        return log_weights

    assert guide.guide_loss(model, text, np.random.default_rng(1)) > 1
    monkeypatch.setattr(guide, "head_log_weights", perfect)
    assert guide.guide_loss(model, text, np.random.default_rng(1)) == 0


def test_repeats_name_the_place_after_the_last_occurrence():
    ids, places = guide.repeats(np.random.default_rng(0), 20, 64, 4096)
    rows, queries = np.nonzero(places.numpy() >= 0)
    assert len(rows) > 100
    for row, query in zip(rows, queries, strict=True):
        place = int(places[row, query])
        assert ids[row, place - 1] == ids[row, query]
        if query + 1 < 64:
            assert ids[row, place] == ids[row, query + 1]


def test_head_log_weights_equal_attention(model):
    ids = torch.arange(1, 20)[None]
    states = model.module.transformer(input_ids=ids, output_hidden_states=True).hidden_states
    weights = guide.head_log_weights(model.module, states, 3, 2).exp()[0]
    np.testing.assert_allclose(weights, attention(model, ids[0].tolist()).head(3, 2), atol=1e-6)


def test_batches_are_a_function_of_the_step():
    recipe = data.Recipe(rows=8, context=32, phases=(data.Phase(0, 2), data.Phase(5, 4, True, 0.5)))
    stream = np.arange(2000)
    first, again = data.Batches(stream, recipe), data.Batches(stream, recipe)
    for step in (0, 5, 40):
        for a, b in zip(first(step), again(step), strict=True):
            assert torch.equal(a, b)
    text_rows = [row for ids, _ in [again(0)] for row in ids if torch.equal(row, row[0] + torch.arange(32))]
    assert len(text_rows) == 6
    assert first.text_rows_before(5) == 30
    assert first.text_rows_before(7) == 38
    assert [first.phase(step).rows for step in (0, 4, 5, 99)] == [2, 2, 4, 4]


def test_learning_rate_warms_up_stays_and_cools_down():
    recipe = data.Recipe(warmup_steps=10, cooldown_share=0.5)
    shares = [train.learning_rate_share(step, 100, recipe) for step in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[30] == shares[50] == 1
    assert shares[75] == pytest.approx(0.5)
    assert shares[100] == 0


def test_training_resumes_exactly(tmp_path, monkeypatch):
    """Four steps in one go equal two and two."""
    books = {title: f"{title} sat on a mat. " * 40 for title in [b.title for b in corpus.BOOKS]}
    monkeypatch.setattr(train, "load_books", lambda path: books)
    recipe = data.Recipe(
        context=32, width=32, layers=1, heads=2, rows=4, rows_at_once=2, phases=(data.Phase(0, 1),), warmup_steps=1
    )
    for name, stops in {"once": [4], "twice": [2, 4]}.items():
        for stop in stops:
            # The learning rate depends on the planned number of steps, so plan four and stop early.
            monkeypatch.setattr(train, "learning_rate_share", lambda step, steps, recipe: 1.0)
            train.train(tmp_path, tmp_path / name, stop, recipe)
    once, twice = (torch.load(tmp_path / n / "checkpoint.pt", weights_only=True)["model"] for n in ("once", "twice"))
    for key in once:
        assert torch.equal(once[key], twice[key]), key
    with pytest.raises(SystemExit, match="another recipe"):
        train.train(tmp_path, tmp_path / "once", 4, data.Recipe())


def test_committed_files_are_those_of_the_card(card):
    for name, digest in card["sha256"].items():
        assert sha256_of(STORYBOOK_FOLDER / name) == digest
    assert (STORYBOOK_FOLDER / "model.safetensors").stat().st_size < 25 * 1024**2
    assert evaluate.missed_bars(card["measured"]) == []
    assert card["recipe"]["seed"] == data.Recipe().seed


def test_bits_per_character_by_hand():
    """A model that gives every token the same logit needs log2(vocabulary) bits a token."""

    class Flat:
        class card:
            context = 8

        @staticmethod
        def module(input_ids, use_cache):
            class Output:
                logits = torch.zeros(*input_ids.shape, 16)

            return Output

    assert evaluate.bits_per_character(Flat, list(range(1, 14)), 26, stride=4) == pytest.approx(13 * 4 / 26)


def test_held_out_text_is_predicted_as_the_card_says(model, card):
    """A short passage is harder than a book (no context), so the bar is loose; `check` measures the books."""
    learned = Tokenizer.from_file(str(STORYBOOK_FOLDER / "tokenizer.json"))
    for title, text in PASSAGES.items():
        bits = evaluate.bits_per_character(model, learned.encode(text).ids, len(text))
        assert bits < card["measured"]["bits_per_character"][title] + 0.4


def test_heads_of_the_card(model, card):
    """The induction head is measured again in full; the previous-token head on one passage."""
    scores = evaluate.induction_scores(model, repeats=3)
    head = card["measured"]["induction_head"]
    assert scores[head["layer"], head["head"]] >= evaluate.BARS["induction"]
    previous = evaluate.previous_token_scores(model, list(PASSAGES.values()))
    head = card["measured"]["previous_token_head"]
    assert previous[head["layer"], head["head"]] >= evaluate.BARS["previous_token"]


def test_missed_bars_are_named():
    good = {
        "mean_bits_per_character": 1.7,
        "previous_token_head": {"score": 0.9},
        "induction_head": {"score": 0.5},
    }
    assert evaluate.missed_bars(good) == []
    assert len(evaluate.missed_bars(good | {"mean_bits_per_character": 1.9, "induction_head": {"score": 0.1}})) == 2


@pytest.mark.skipif("ATTENDOME_FULL_CHECK" not in os.environ, reason="two minutes; run it after training")
def test_whole_books(model, test_data):
    assert evaluate.missed_bars(evaluate.measure(model, test_data / "text" / "childrens_classics.txt")) == []


def test_it_is_labelled_as_teaching_material(model):
    result = attention(model, "Once upon a time")
    assert result.provenance.weights == "teaching"
    assert "not GPT-2" in model.card.limits or "GPT-2" not in model.card.title
