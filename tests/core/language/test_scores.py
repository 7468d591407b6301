"""Head scores by hand, against loops that follow the formulas, and on the bundled models."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest

from core.cards import Provenance
from core.errors import EmptyTextError, SelectionError, TextTooLongError
from core.language import attention, load_model, scores
from core.language.scores import head_scores, induction_scores, other_rows, pair_scores, result_scores
from core.language.sentences import SENTENCES
from core.language.tally import SCORE_NAMES
from core.language.values import AttentionResult
from tests.core.language.toys import random_weights, result, sequence

TIRED = "The animal didn't cross the street because it was too tired."
WIDE = "The animal didn't cross the street because it was too wide."


def row_of(frame, layer=0, head=0):
    return frame[(frame["layer"] == layer) & (frame["head"] == head)].iloc[0]


def bits(*shares):
    return -sum(share * np.log2(share) for share in shares)


def test_a_causal_head_by_hand():
    """Tokens x y x z. The first row sees itself alone and does not count."""
    row = row_of(
        result_scores(
            result(
                [[1, 0, 0, 0], [0.25, 0.75, 0, 0], [0.2, 0.5, 0.3, 0], [0.1, 0.2, 0.3, 0.4]],
                sequence("x", "y", "x", "z"),
                kind="causal",
            )
        )
    )
    expected = {
        "previous_token": (0.25 + 0.5 + 0.3) / 3,
        "next_token": 0,
        "self": (0.75 + 0.3 + 0.4) / 3,
        "first_token": (0.25 + 0.2 + 0.1) / 3,
        "last_token": np.nan,
        "induction": 0.5,  # the second x looks at y, which followed the first
        "same_word": 0.2,  # the second x looks at the first
        "entropy": (bits(0.25, 0.75) + bits(0.2, 0.5, 0.3) + bits(0.1, 0.2, 0.3, 0.4)) / 3,
        "mean_distance": (0.25 + (0.2 * 2 + 0.5) + (0.1 * 3 + 0.2 * 2 + 0.3)) / 3,
    }
    even = (1 / 2 + 1 / 3 + 1 / 4) / 3
    chance = {
        "previous_token": even,
        "next_token": 0,
        "self": even,
        "first_token": even,
        "last_token": np.nan,
        "induction": 1 / 3,
        "same_word": 1 / 3,
        "entropy": (1 + np.log2(3) + 2) / 3,
        "mean_distance": (0.5 + 1 + 1.5) / 3,
    }
    for name in SCORE_NAMES:
        assert row[name] == pytest.approx(expected[name], abs=1e-6, nan_ok=True), name
        assert row[f"chance_{name}"] == pytest.approx(chance[name], abs=1e-6, nan_ok=True), name


def test_an_encoder_head_by_hand():
    """[CLS] jump|s Jump|s [SEP]: special tokens are keys and not queries; both pieces of a word count."""
    weights = np.zeros((6, 6))
    weights[0] = weights[5] = [0, 1, 0, 0, 0, 0]  # must not matter
    weights[1] = [0.1, 0.1, 0.3, 0.2, 0.1, 0.2]
    weights[2] = [0.0, 0.5, 0.0, 0.1, 0.3, 0.1]
    weights[3] = [0.2, 0.3, 0.1, 0.0, 0.4, 0.0]
    weights[4] = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    row = row_of(result_scores(result(weights, sequence("[CLS]", "jump|s", "Jump|S", "[SEP]"))))
    assert row["previous_token"] == pytest.approx((0.1 + 0.5 + 0.1 + 0.0) / 4)
    assert row["next_token"] == pytest.approx((0.3 + 0.1 + 0.4 + 1.0) / 4)
    assert row["self"] == pytest.approx(0.1 / 4)
    assert row["first_token"] == pytest.approx((0.1 + 0.2) / 4)
    assert row["last_token"] == pytest.approx((0.2 + 0.1 + 1.0) / 4)
    assert row["same_word"] == pytest.approx(((0.2 + 0.1) + (0.1 + 0.3) + (0.3 + 0.1) + 0.0) / 4)
    assert row["chance_same_word"] == pytest.approx(2 / 6)
    assert row["chance_mean_distance"] == pytest.approx((11 + 9 + 9 + 11) / 6 / 4)
    assert np.isnan(row["induction"])  # no token comes twice: Jump is not jump


def test_cross_attention_has_no_positions():
    row = row_of(
        result_scores(result([[0.5, 0.25, 0.25], [0, 1, 0]], sequence("a", "b", "c"), sequence("x", "y"), kind="cross"))
    )
    assert row["first_token"] == pytest.approx(0.25)
    assert row["last_token"] == pytest.approx(0.125)
    assert row["entropy"] == pytest.approx(1.5 / 2)
    assert row["chance_entropy"] == pytest.approx(np.log2(3))
    for name in ("previous_token", "next_token", "self", "induction", "same_word", "mean_distance"):
        assert np.isnan(row[name]), name
        assert np.isnan(row[f"chance_{name}"]), name


def test_heads_that_do_one_thing():
    tokens = sequence("a", "b", "c", "a", "b", "c")
    back = np.eye(6, k=-1)
    back[0, 0] = 1
    copying = np.eye(6, k=-2)
    copying[0, 0] = copying[1, 1] = 1
    even = np.tril(np.ones((6, 6))) / np.arange(1, 7)[:, None]
    frame = result_scores(result(np.stack([back, copying, even]), tokens, kind="causal"))
    assert row_of(frame, head=0)["previous_token"] == pytest.approx(1)
    assert row_of(frame, head=0)["mean_distance"] == pytest.approx(1)
    assert row_of(frame, head=0)["entropy"] == 0
    assert row_of(frame, head=1)["induction"] == pytest.approx(1)
    for name in SCORE_NAMES:  # an even head scores exactly its chance
        row = row_of(frame, head=2)
        assert row[name] == pytest.approx(row[f"chance_{name}"], nan_ok=True, abs=1e-6)


def test_nothing_to_count():
    frame = result_scores(result([[1.0]], sequence("a"), kind="causal"))
    assert frame[list(SCORE_NAMES)].isna().all(axis=None)


def by_loops(one, layer, head):
    """The formulas of the docstring, term by term."""
    weights, source = one.weights[layer, head].astype(float), one.source
    word = [next(i for i, (s, e) in enumerate(source.word_spans) if s <= t < e) for t in range(len(source))]
    found = {name: [] for name in SCORE_NAMES}
    for i in range(len(source)):
        keys = [j for j in range(len(source)) if one.allowed[i, j]]
        if source.special[i] or len(keys) < 2:
            continue
        w = weights[i]
        found["self"].append(w[i])
        found["first_token"].append(w[0])
        found["last_token"].append(w[-1])
        found["entropy"].append(-sum(w[j] * np.log2(w[j]) for j in keys if w[j] > 0))
        found["mean_distance"].append(sum(w[j] * abs(i - j) for j in keys))
        if i > 0:
            found["previous_token"].append(w[i - 1])
        if i + 1 < len(source):
            found["next_token"].append(w[i + 1])
        name = source.words[word[i]].lower()
        others = [j for j in keys if word[j] != word[i] and source.words[word[j]].lower() == name]
        if others and name.isalnum():
            found["same_word"].append(sum(w[j] for j in others))
        followers = [j + 1 for j in range(i - 1) if source.tokens[j] == source.tokens[i]]
        if followers:
            found["induction"].append(sum(w[j] for j in followers))
    if one.kind == "causal":
        found["last_token"] = []
    return {name: np.mean(values) if values else np.nan for name, values in found.items()}


@pytest.mark.parametrize("kind", ["causal", "bidirectional"])
def test_sums_equal_loops(kind):
    words = ["The", "fox", "and", "the", "do|g", ",", "the", "do|g", "and", "a", "fox", ",", "ha", "ha", "."]
    if kind == "bidirectional":
        words = ["[CLS]", *words[:8], "[SEP]", *words[8:], "[SEP]"]
    source = sequence(*words)
    length = len(source)
    one = result(random_weights(2, 3, length, length, causal=kind == "causal"), source, kind=kind)
    frame = result_scores(one)
    for layer in range(2):
        for head in range(3):
            row, expected = row_of(frame, layer, head), by_loops(one, layer, head)
            for name in SCORE_NAMES:
                assert row[name] == pytest.approx(expected[name], abs=1e-5, nan_ok=True), name


def test_long_text_head_by_head_is_the_same_and_small(monkeypatch):
    rng = np.random.default_rng(1)
    source = sequence(*(f"w{i}" for i in rng.integers(0, 40, 60)))
    one = result(random_weights(2, 3, 60, 60, causal=True), source, kind="causal")
    whole = result_scores(one)
    monkeypatch.setattr("core.language.tally._LARGE_HEAD", 1)
    np.testing.assert_allclose(result_scores(one), whole, atol=1e-6)


def test_memory_at_1024_tokens(random_model, tmp_path):
    from tests.core.language import folders

    model = load_model(folders.gpt2(tmp_path / "long", context=1024))
    one = attention(model, np.random.default_rng(0).integers(0, model.vocabulary_size, 1024).tolist())
    result_scores(attention(model, [0, 1, 2]))  # imports are not counted
    tracemalloc.start()
    result_scores(one)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    assert "weights" not in vars(one)


@dataclass
class Copier:
    """Stands for a model of one layer: head 0 looks one token back, head 1 copies, head 2 is even."""

    span_seen: list
    vocabulary_size: int = 100
    context: int = 256
    kinds: tuple = ("causal",)
    tokenizer: None = None

    @property
    def card(self):
        return type("Card", (), {"context": self.context, "layers": 1, "heads": 3})

    @property
    def module(self):
        return type("Module", (), {"config": type("Config", (), {"eos_token_id": 7, "pad_token_id": None})})

    def attention(self, _, ids, **__):
        length = len(ids)
        span = length // 2
        self.span_seen.append((span, ids))
        back = np.eye(length, k=-1)
        back[0, 0] = 1
        copying = np.eye(length, k=1 - span)
        copying[: span - 1] = np.eye(length)[: span - 1]
        even = np.tril(np.ones((length, length))) / np.arange(1, length + 1)[:, None]
        return result(np.stack([back, copying, even]), sequence(*map(str, ids)), kind="causal")


@pytest.mark.parametrize(("context", "vocabulary", "span"), [(256, 100, 64), (21, 100, 10), (256, 9, 8)])
def test_induction_by_hand_and_its_span(monkeypatch, context, vocabulary, span):
    model = Copier([], vocabulary, context)
    monkeypatch.setattr(scores, "attention", model.attention)
    back, copying, even = induction_scores(model, repeats=2)[0]
    assert (back, copying) == pytest.approx((0, 1))
    assert even == pytest.approx(np.mean([1 / (i + 1) for i in range(span, 2 * span)]))
    assert [seen for seen, _ in model.span_seen] == [span, span]
    for _, ids in model.span_seen:
        assert 7 not in ids
        assert ids[:span] == ids[span:]
        assert vocabulary > 10 * span or len(set(ids)) == span  # a small vocabulary: no token twice in a span


def test_induction_where_it_cannot_be_measured(random_model):
    assert np.isnan(induction_scores(Copier([], 100, 3))).all()
    assert np.isnan(induction_scores(random_model("marian"))).all()
    assert np.isfinite(induction_scores(random_model("marian"), kind="encoder", repeats=1)).all()


def test_induction_of_an_encoder_stands_between_its_special_tokens(minilm, monkeypatch):
    asked = []

    def spy(model, ids, **options):
        asked.append(ids)
        return attention(model, ids, **options)

    monkeypatch.setattr(scores, "attention", spy)
    found = induction_scores(minilm, repeats=2)
    assert found.shape == (6, 12)
    for ids in asked:
        assert (ids[0], ids[-1], len(ids)) == (101, 102, 130)
        assert ids[1:65] == ids[65:129]
    ordinary = scores._ordinary_ids(minilm)
    assert not {0, 1, 100, 101, 102, 103} & set(ordinary.tolist())  # [PAD], [unused0], [UNK], [CLS], [SEP], [MASK]
    assert {1996, 4937} <= set(ordinary.tolist())  # the, cat


def test_head_scores_are_means_over_rows(random_model):
    model = random_model("gpt2")
    texts = ["The fox and the dog", "A dog"]
    found = head_scores(model, texts)
    each = [result_scores(attention(model, text)) for text in texts]
    rows = [len(attention(model, text).tokens) - 1 for text in texts]
    for name in ("previous_token", "self", "entropy", "chance_first_token"):
        expected = sum(frame[name] * count for frame, count in zip(each, rows, strict=True)) / sum(rows)
        np.testing.assert_allclose(found[name], expected, atol=1e-6)
    assert np.isnan(each[1]["same_word"]).all()  # and yet the mean is that of the first text
    np.testing.assert_allclose(found["same_word"], each[0]["same_word"])
    np.testing.assert_allclose(found["induction"], induction_scores(model).ravel())


def test_columns_progress_and_errors(random_model):
    model = random_model("gpt2")
    done = []
    frame = head_scores(model, "The fox", on_progress=done.append)
    assert list(frame.columns) == ["layer", "head", *SCORE_NAMES, *(f"chance_{name}" for name in SCORE_NAMES)]
    assert frame[["layer", "head"]].to_numpy().tolist() == [[layer, head] for layer in range(3) for head in range(4)]
    assert done == sorted(done)
    assert done[-1] == 1
    cross = head_scores(random_model("marian"), ["The fox", "The dog"], on_progress=done.append)
    assert cross["induction"].isna().all()
    assert cross["entropy"].notna().all()
    assert done[-1] == 1
    with pytest.raises(EmptyTextError, match="give one sentence or more"):
        head_scores(model, [])
    with pytest.raises(TextTooLongError):
        head_scores(model, ["The fox " * 60])
    with pytest.raises(SelectionError, match="has no cross attention"):
        head_scores(model, ["The fox"], kind="cross")


def test_a_model_without_tokenizer(test_data):
    model = load_model(test_data / "language" / "gpt_nano_sort")
    frame = head_scores(model, ["0 2 1 1 0 2", [0, 1, 2]])
    assert frame["induction"].notna().all()  # 3 tokens, said twice
    np.testing.assert_allclose(head_scores(model, [0, 2, 1]), head_scores(model, "0 2 1"))


def test_bundled_heads_that_look_back_ahead_and_copy(minilm):
    frame = head_scores(minilm, SENTENCES[:6])
    assert row_of(frame, 0, 2)["previous_token"] > 0.95
    assert frame.loc[frame["next_token"].idxmax(), ["layer", "head"]].tolist() == [1, 8]
    storybook = head_scores(load_model("storybook-gpt"), SENTENCES[:2])
    assert row_of(storybook, 2, 0)["induction"] > 0.9
    assert row_of(storybook, 0, 0)["previous_token"] > 0.95


def test_pair_by_hand():
    """[CLS] jump|s x|y z [SEP]: the mean over the query's pieces of the sum over the key's pieces."""
    weights = np.full((2, 7, 7), 1 / 7)
    weights[0, 1] = [0.4, 0.0, 0.1, 0.2, 0.1, 0.2, 0.0]
    weights[0, 2] = [0.2, 0.0, 0.1, 0.3, 0.4, 0.0, 0.0]
    weights[1, 1:3] = [0.6, 0.0, 0.0, 0.2, 0.1, 0.1, 0.0]
    frame = pair_scores(result(weights, sequence("[CLS]", "jump|s", "x|y", "z", "[SEP]")), (1, 3), (3, 5))
    assert frame["weight"].tolist() == pytest.approx([(0.3 + 0.7) / 2, 0.3])
    assert frame["is_largest"].tolist() == [True, False]
    assert frame["largest"].tolist() == ["xy", "[CLS]"]
    assert frame["chance"].tolist() == pytest.approx([2 / 7, 2 / 7])
    # One piece of a word stands against the rest of its word.
    piece = pair_scores(result(weights, sequence("[CLS]", "jump|s", "x|y", "z", "[SEP]")), (2, 3), (3, 4))
    assert piece["weight"][0] == pytest.approx(0.3)
    assert not piece["is_largest"][0]


def test_pair_of_a_causal_model(random_model):
    one = attention(random_model("gpt2"), "The fox and the dog")
    frame = pair_scores(one, (2, 4), (0, 2))
    expected = one.weights[:, :, 2:4, 0:2].sum(axis=-1).mean(axis=-1)
    np.testing.assert_allclose(frame["weight"], expected.ravel(), atol=1e-6)
    assert frame["chance"][0] == pytest.approx((2 / 3 + 2 / 4) / 2)
    with pytest.raises(SelectionError, match="which has tokens 0 to"):
        pair_scores(one, (2, 4), (0, 99))
    with pytest.raises(SelectionError, match="are no query"):
        pair_scores(one, (3, 3), (0, 1))


def test_heads_that_link_it_to_animal(minilm):
    def linked(text):
        one = attention(minilm, text)
        it, animal = one.tokens.index("it"), one.tokens.index("animal")
        return pair_scores(one, (it, it + 1), (animal, animal + 1))

    tired, wide = linked(TIRED), linked(WIDE)
    heads = set(map(tuple, tired[tired["is_largest"]][["layer", "head"]].to_numpy().tolist()))
    assert heads == {(0, 6), (3, 1), (5, 11)}
    assert row_of(tired, 3, 1)["weight"] == pytest.approx(0.68, abs=0.005)
    assert row_of(wide, 3, 1)["weight"] == pytest.approx(0.28, abs=0.005)
    assert row_of(wide, 3, 1)["largest"] == "[CLS]"


def test_bundled_sentences():
    assert len(set(SENTENCES)) == len(SENTENCES) == 24
    assert all(6 <= len(sentence.split()) <= 25 for sentence in SENTENCES)


def test_what_other_rows_give_a_word():
    """Three tokens, one head: rows 1 and 2 give token 0 0.5 and 0.2; row 0 may look at itself alone."""
    weights = np.array([[[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]]]], dtype=np.float32)
    where = {"provenance": Provenance("toy", "", "random", "float32")}
    causal = AttentionResult.from_weights(weights, ("a", "b", "c"), kind="causal", **where)
    assert other_rows(causal, (2, 3), (0, 1))[0, 0] == pytest.approx(0.5)
    assert other_rows(causal, (1, 2), (0, 1))[0, 0] == pytest.approx(0.2)
    assert np.isnan(other_rows(causal, (2, 3), (2, 3))[0, 0])  # nobody else may look there
    both = AttentionResult.from_weights(weights, ("a", "b", "c"), kind="bidirectional", **where)
    assert other_rows(both, (2, 3), (0, 2))[0, 0] == pytest.approx((1 + 1) / 2)
