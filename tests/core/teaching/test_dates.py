"""Date Reader: its phrases and their alignment, its training code, and what the committed weights can do."""

from __future__ import annotations

import copy
import datetime
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import TextTooLongError
from core.files import sha256_of
from core.language import attention, load_model
from core.language.registry import DATES_FOLDER
from core.teaching.dates import DATE_EXAMPLES, data, evaluate, phrases, pieces, train, words

TINY = data.Recipe(width=16, heads=2, layers=1, feed_forward=32, rows=8, warmup_steps=2)


@pytest.fixture(scope="module")
def model():
    return load_model("date-reader")


@pytest.fixture(scope="module")
def card():
    return json.loads((DATES_FOLDER / "card.json").read_text())


@pytest.fixture(scope="module")
def committed():
    return pieces.Pieces.load(DATES_FOLDER)


def drawn(count: int, seed: int = 0) -> list[phrases.DatePhrase]:
    rng = np.random.default_rng(seed)
    return [phrases.phrase(date, rng) for date in data.random_dates(rng, count, held_out=False)]


def said(phrase: phrases.DatePhrase) -> list[tuple[list[str], list[str]]]:
    """For each digit the source words that say it, and those that imply it."""
    return [
        tuple([phrase.text[slice(*span)] for span in spans] for spans in (link.said, link.implied))
        for link in (phrase.links[i] for i in phrases.TARGET_DIGITS)
    ]


def year(number: int, style: str, **options) -> tuple[str, list[list[str]]]:
    writer = words.Writer()
    links = phrases.say_year(writer, number, style, **options)
    return writer.text, [[writer.text[slice(*span)] for span in (*link.said, *link.implied)] for link in links]


@pytest.mark.parametrize(
    ("number", "style", "text", "right"),
    [
        (1984, "pairs", "nineteen eighty-four", [["nineteen"], ["nineteen"], ["eighty"], ["four"]]),
        (1905, "pairs", "nineteen oh five", [["nineteen"], ["nineteen"], ["oh"], ["five"]]),
        (1900, "pairs", "nineteen hundred", [["nineteen"], ["nineteen"], ["hundred"], ["hundred"]]),
        (2013, "pairs", "twenty thirteen", [["twenty"], ["twenty"], ["thirteen"], ["thirteen"]]),
        (1066, "pairs", "ten sixty-six", [["ten"], ["ten"], ["sixty"], ["six"]]),
        (2000, "pairs", "two thousand", [["two"], ["thousand"], ["thousand"], ["thousand"]]),
        (2005, "thousands", "two thousand and five", [["two"], ["thousand", "five"], ["thousand", "five"], ["five"]]),
        (2026, "thousands", "two thousand and twenty-six", [["two"], ["thousand", "twenty"], ["twenty"], ["six"]]),
        (1905, "hundreds", "nineteen hundred and five", [["nineteen"], ["nineteen"], ["hundred", "five"], ["five"]]),
        (
            1730,
            "thousands",
            "one thousand seven hundred and thirty",
            [["one"], ["seven"], ["thirty"], ["thirty"]],
        ),
        (1800, "thousands", "one thousand eight hundred", [["one"], ["eight"], ["hundred"], ["hundred"]]),
        (1984, "digits", "1984", [["1"], ["9"], ["8"], ["4"]]),
    ],
)
def test_years_and_the_words_of_their_digits(number, style, text, right):
    assert year(number, style) == (text, right)


def test_hyphens_and_and_can_be_left_out():
    assert year(1984, "pairs", hyphen=" ")[0] == "nineteen eighty four"
    assert year(2005, "thousands", joined=False) == (
        "two thousand five",
        [["two"], ["thousand", "five"], ["thousand", "five"], ["five"]],
    )


@pytest.mark.parametrize(
    ("number", "style", "text", "right"),
    [
        (3, "words", "third", [["third"], ["third"]]),
        (23, "words", "twenty-third", [["twenty"], ["third"]]),
        (12, "words", "twelfth", [["twelfth"], ["twelfth"]]),
        (30, "words", "thirtieth", [["thirtieth"], ["thirtieth"]]),
        (3, "suffix", "3rd", [["3", "rd"], ["3"]]),
        (21, "suffix", "21st", [["2"], ["1"]]),
        (7, "digits", "7", [["7"], ["7"]]),
    ],
)
def test_days_and_the_words_of_their_digits(number, style, text, right):
    writer = words.Writer()
    links = phrases.say_day(writer, number, style)
    assert writer.text == text
    assert [[text[slice(*span)] for span in (*link.said, *link.implied)] for link in links] == right


def test_suffixes():
    assert [words.ordinal_suffix(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31)] == [
        "st", "nd", "rd", "th", "th", "th", "th", "st", "nd", "rd", "st",
    ]  # fmt: skip


def test_every_phrase_is_a_real_date_whose_digits_have_words():
    months = {m.lower(): i for i, m in enumerate(words.MONTHS, 1)}
    months |= {m.lower(): i for i, m in enumerate(words.SHORT_MONTHS, 1)}
    forms = set()
    for phrase in drawn(2000):
        date = datetime.date.fromisoformat(phrase.target)
        assert phrases.FIRST_YEAR <= date.year <= phrases.LAST_YEAR
        links = said(phrase)
        for i, (sure, implied) in zip(phrases.TARGET_DIGITS, links, strict=True):
            assert sure or implied
            assert all(token.strip() == token and token for token in sure + implied)
            for token in sure:
                if token.isdigit():
                    assert token == phrase.target[i]
        assert links[4][0] == links[5][0]
        assert months[links[4][0][0].lower()] == date.month
        assert not any(phrase.links[i].said or phrase.links[i].implied for i in (4, 7))
        weekday = [day for day in words.WEEKDAYS if day.lower() in phrase.text.lower()]
        assert weekday in ([], [words.WEEKDAYS[date.weekday()]])
        forms.add((bool(weekday), phrase.text.isupper(), phrase.text.islower(), "," in phrase.text))
    assert len(forms) == 12  # upper, lower and mixed case, each with and without weekday and comma


def test_held_out_dates_are_never_trained_on():
    held = data.held_out_days()
    assert len(held) == (datetime.date(2100, 1, 1) - datetime.date(1000, 1, 1)).days
    assert 0.095 < held.mean() < 0.105
    batches = data.Batches(None, data.Recipe())
    trained = {p.target for step in range(30) for p in batches.phrases(step)}
    held_out = {p.target for p in data.held_out_phrases(3000)}
    assert len(trained) > 3000
    assert not trained & held_out
    assert {held[datetime.date.fromisoformat(t).toordinal() - data.FIRST_DAY] for t in held_out} == {True}


def test_tokenizer_files_are_made_the_same_every_time(tmp_path):
    pieces.write_pieces(tmp_path)
    for name in pieces.FILES:
        assert (tmp_path / name).read_bytes() == (DATES_FOLDER / name).read_bytes(), name
    assert {p.name for p in tmp_path.iterdir()} == set(pieces.FILES)


def test_words_of_dates_are_one_piece(committed):
    for word in pieces.word_list()[0]:
        assert committed.source_pieces(word.upper()) == [f"▁{word}"]
    assert committed.source_pieces("Twenty-third 3rd, 1984") == [
        "▁twenty", "-", "third", "▁", "3", "rd", ",", "▁", "1", "9", "8", "4",
    ]  # fmt: skip


def test_right_tokens_spell_the_said_words(committed):
    for phrase in drawn(300, seed=4):
        tokens = committed.source_pieces(phrase.text)
        sure, right = pieces.right_tokens(phrase, tokens)
        for i, digit in zip(phrases.TARGET_DIGITS, said(phrase), strict=True):
            assert sorted(tokens[t].strip("▁") for t in sure[i]) == sorted(w.lower() for w in digit[0])
            assert sure[i] <= right[i]
            assert {tokens[t].strip("▁") for t in right[i]} - {""} == {w.lower() for w in digit[0] + digit[1]}
    day = phrases.DatePhrase("May 3", "05-03", (phrases.Link(implied=((4, 5),)), phrases.Link(said=((4, 5),))))
    assert pieces.right_tokens(day, ["▁may", "▁", "3"]) == ([set(), {2}], [{1, 2}, {2}])
    assert pieces.token_places("May 3", ["▁may", "▁", "3"]) == [(0, 3), (4, 4), (4, 5)]
    with pytest.raises(ValueError, match="is not at place"):
        pieces.token_places("may", ["▁june"])


def test_plain_pieces_are_those_of_the_model(model, committed):
    for phrase in drawn(100, seed=5):
        assert tuple(committed.source_ids(phrase.text)) == model.tokenizer.encode(phrase.text).sequence.ids
        encoded = model.tokenizer.encode(phrase.target, as_target=True).sequence
        assert tuple(committed.target_ids(phrase.target)) == encoded.ids
        assert encoded.tokens == (*phrase.target, "</s>")


def test_words_and_spans(model):
    sequence = model.tokenizer.encode("On the Twenty-third, 3rd of May 1984").sequence
    assert sequence.words == ("on", "the", "twenty", "-", "third", ",", "3rd", "of", "may", "1984", "</s>")
    assert sequence.word_spans[6:10] == ((6, 9), (9, 10), (10, 11), (11, 16))


def test_a_batch_by_hand(committed):
    phrase = phrases.DatePhrase("May", "1000-05-01", tuple(phrases.Link() for _ in range(10)))
    links = (*phrase.links[:5], phrases.Link(said=((0, 3),)), *phrase.links[6:])
    batch = data.collate([phrases.DatePhrase("May", "1000-05-01", links), drawn(1)[0]], committed)
    assert batch.source[0, :2].tolist() == [committed.vocabulary["▁may"], 0]
    assert (batch.source[0, 2:] == committed.pad).all()
    assert batch.mask[0].sum() == 2
    assert batch.target.shape == (2, 11)
    assert batch.right[0].nonzero().tolist() == [[5, 0]]
    assert not batch.right[:, 10].any()


def test_the_same_seed_gives_the_same_weights(tmp_path):
    once, twice = (train.train(tmp_path / name, 3, TINY, log_every=3).state_dict() for name in ("once", "twice"))
    other = train.train(tmp_path / "other", 3, replace(TINY, seed=7)).state_dict()
    for key in once:
        assert torch.equal(once[key], twice[key]), key
    assert any(not torch.equal(once[key], other[key]) for key in once)
    assert (tmp_path / "once" / "training_log.csv").read_text().startswith(",".join(train.LOG_COLUMNS))


def test_the_quick_look_counts_what_the_measurement_counts(model, committed):
    """Two ways to the same shares: attention weights of transformers in a batch, and `attention` one by one."""
    sample = data.held_out_phrases(20, seed=3)
    exact, hits = train.quick_look(copy.deepcopy(model.module), data.collate(sample, committed))
    np.testing.assert_allclose(hits, evaluate.head_alignment(model, sample, committed).right, atol=1e-6)
    written = evaluate.translations(model, sample, committed)
    assert exact == pytest.approx(np.mean([a == p.target for a, p in zip(written, sample, strict=True)]))


def test_learning_rate_warms_up_and_falls_to_zero():
    shares = [train.learning_rate_share(step, 100, data.Recipe(warmup_steps=10)) for step in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == 1
    assert shares[55] == pytest.approx(0.5)
    assert shares[100] == 0


def test_committed_files_are_those_of_the_card(card):
    for name, digest in card["sha256"].items():
        assert sha256_of(DATES_FOLDER / name) == digest
    assert (DATES_FOLDER / "model.safetensors").stat().st_size < 10 * 1024**2
    assert evaluate.missed_bars(card["measured"]) == []
    recipe = {key: value for key, value in card["recipe"].items() if key != "steps"}
    assert recipe == vars(data.Recipe())
    assert card["recipe"]["steps"] == train.STEPS


def test_the_card_of_the_registry(model, card):
    assert (model.card.weights, model.card.architecture) == ("teaching", "marian")
    assert model.card.facts == tuple(map(tuple, card["facts"]))
    assert model.card.limits == card["limits"]
    assert model.card.revision == card["sha256"]["model.safetensors"][:12]
    assert model.kinds == ("cross", "encoder", "decoder")


def test_held_out_dates_are_read(model, committed):
    sample = data.held_out_phrases(300, seed=9)
    written = evaluate.translations(model, sample, committed)
    assert np.mean([a == p.target for a, p in zip(written, sample, strict=True)]) >= 0.98


def test_the_best_head_finds_the_right_words(model, card, committed):
    best = card["measured"]["best_head"]
    scores = evaluate.head_alignment(model, data.held_out_phrases(60, seed=9), committed)
    assert scores.right.shape == (2, 4)
    assert scores.right[best["layer"], best["head"]] >= 0.9
    assert scores.right.max() > 4 * scores.chance
    assert scores.scored == 8 * 60


@pytest.mark.parametrize(
    ("text", "wanted"),
    list(zip(DATE_EXAMPLES, ("1999-04-23", "2004-06-21", "1900-12-31", "1984-05-03"), strict=True)),
)
def test_the_examples_are_read_greedily(model, text, wanted):
    result = attention(model, text, kind="cross")
    assert "".join(result.target.tokens[1:]) == wanted
    assert result.target.words == ("<pad>", wanted[:4], "-", wanted[5:7], "-", wanted[8:])
    assert result.weights.shape[:3] == (2, 4, 11)


@pytest.mark.parametrize(
    "text", ["?", "日本語 🙂", "Ünïted ½ Ⅻ", ">>fr<< May", "the mayor's cat", "31 June 1999", "‮\u200b x"]
)
def test_any_text_gets_an_answer(model, text):
    result = attention(model, text, kind="cross")
    np.testing.assert_allclose(result.weights.sum(axis=-1), 1, atol=1e-5)
    attention(model, "May", text, kind="cross")


def test_a_long_text_is_refused_with_what_fits(model):
    with pytest.raises(TextTooLongError, match="reads at most 64"):
        attention(model, "the third of May " * 50)
