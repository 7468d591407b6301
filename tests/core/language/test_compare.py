"""Two attention maps on common units: pairing of words, merging, differences in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import SelectionError
from core.language import attention, load_model
from core.language.compare import align_units, align_words, changed_heads, compare_maps
from core.language.maps import MapOptions, attention_map
from tests.core.language.toys import TOY, random_weights, result, sequence, text_sequence

ACTIVE = "The quick brown fox jumps over the lazy dog."
PASSIVE = "The lazy dog was jumped over by the quick brown fox."
TIRED = "The animal didn't cross the street because it was too tired."
WIDE = "The animal didn't cross the street because it was too wide."


def spelled_pairs(a, b):
    """ "a/b" of each pair, "-" for nothing; equal words once, with both places where one repeats."""
    shown = []
    for i, j in align_words(a, b):
        first, second = "-" if i is None else a.words[i], "-" if j is None else b.words[j]
        same = first == second and a.words.count(first) == 1
        shown.append(first if same else f"{first}{'' if i is None else i}/{second}{'' if j is None else j}")
    return " ".join(shown)


@pytest.mark.parametrize(
    ("first", "second", "pairs"),
    [
        # The same, and one word for another.
        ("A red fox.", "A red fox.", "A red fox ."),
        ("It was too tired.", "It was too wide.", "It was too tired3/wide3 ."),
        # Active and passive: the order crosses, "the" goes with its noun, verbs by their stem.
        (
            ACTIVE,
            PASSIVE,
            "the6/The0 lazy dog -/was3 jumps4/jumped4 over -/by6 The0/the7 quick brown fox .",
        ),
        # Words that repeat: the longest common stretch, then the nearest place.
        ("a rose is a rose", "a rose is a red rose", "a0/a0 rose1/rose1 is a3/a3 -/red4 rose4/rose5"),
        ("no no no", "no no", "no0/no0 no1/no1 no2/-"),
        ("the dog saw the cat", "the cat saw the dog", "the3/the0 cat saw the0/the3 dog"),
        # Letter case, contractions and other inflections.
        ("The fox didn't run.", "the fox did not run.", "The0/the0 fox didn't2/did2 -/not3 run ."),
        ("He carries boxes.", "She carried a box.", "He0/She0 carries1/carried1 -/a2 boxes2/box3 ."),
        ("She stopped making noise", "She stops to make noise", "She stopped1/stops1 -/to2 making2/make3 noise"),
        ("They went for it", "The forest went", "They0/- -/The0 -/forest1 went for2/- it3/-"),
        # Marks go with marks, emoji with what stands in their place.
        ("Stop, he said.", "Stop! he said?", "Stop ,1/!1 he said .4/?4"),
        ("I like 👩‍🔬 and cats", "I like 🇫🇷 and cats", "I like 👩‍🔬2/🇫🇷2 and cats"),
        ("I like dogs", "I like !", "I like dogs2/- -/!2"),
        # Only in one of the two.
        ("Yesterday, it rained.", "It rained.", "Yesterday0/- ,1/- it2/It0 rained ."),
        ("It rained.", "It rained all day long.", "It rained -/all2 -/day3 -/long4 ."),
        ("It rained all day long, sadly.", "It rained.", "It rained all2/- day3/- long4/- ,5/- sadly6/- ."),
        # Nothing in common, or a full stop only.
        ("Hello world", "Guten Tag", "Hello0/- world1/- -/Guten0 -/Tag1"),
        ("Hello world.", "Guten Tag.", "Hello0/- world1/- -/Guten0 -/Tag1 ."),
    ],
)
def test_pairs_of_words(first, second, pairs):
    assert spelled_pairs(text_sequence(first), text_sequence(second)) == pairs


def test_special_tokens_go_with_their_likes():
    bert = text_sequence("It rained.", special=("[CLS]", "[SEP]"))
    roberta = text_sequence("It rained.", special=("<s>", "</s>"))
    plain = text_sequence("It rained.")
    assert spelled_pairs(bert, bert) == "[CLS] It rained . [SEP]"
    assert spelled_pairs(bert, roberta) == "[CLS]0/<s>0 It rained . [SEP]4/</s>4"
    assert spelled_pairs(bert, plain) == "[CLS]0/- It rained . [SEP]4/-"
    assert spelled_pairs(plain, bert) == "-/[CLS]0 It rained . -/[SEP]4"
    two = sequence("[CLS]", "a", "[SEP]", "b", "[SEP]")
    assert spelled_pairs(two, two) == "[CLS] a [SEP]2/[SEP]2 b [SEP]4/[SEP]4"
    assert spelled_pairs(bert, sequence("[CLS]", "[SEP]")).startswith("[CLS] It1/- rained2/- .3/- [SEP]")


def test_pairing_is_one_to_one_and_complete():
    """Each word of both texts stands in exactly one pair, whatever the texts."""
    rng = np.random.default_rng(0)
    words = ["the", "The", "fox", "foxes", "run", "running", ",", ".", "👩‍🔬", "didn't", "did"]
    for _ in range(200):
        a, b = (sequence(*rng.choice(words, rng.integers(1, 12))) for _ in range(2))
        pairs = align_words(a, b)
        assert sorted(i for i, _ in pairs if i is not None) == list(range(len(a.words)))
        assert [j for _, j in pairs if j is not None] == list(range(len(b.words)))
        assert (None, None) not in pairs
    assert all(i == j for i, j in align_words(a, a))


def test_units_of_two_tokenizers():
    a = sequence("the", "jump|s", "un|like|ly", "fox")
    b = sequence("the", "jump|ed", "unlike|ly", "x")
    assert align_units(a, b, by_word=False) == (
        ((0, 1), (0, 1)),
        ((1, 2), (1, 2)),  # jump
        ((2, 3), (2, 3)),  # s / ed
        ((3, 6), (3, 5)),  # cut differently: one unit
        ((6, 7), (5, 6)),
    )
    assert align_units(a, b, by_word=True)[1] == ((1, 3), (1, 3))
    assert align_units(a, sequence("the"), by_word=False)[1:] == (((1, 3), None), ((3, 6), None), ((6, 7), None))


# The first text has an "old" that the second lacks, and one word in two pieces.
FIRST = sequence("[CLS]", "old", "jump|s", "it", "[SEP]")
SECOND = sequence("[CLS]", "jumps", "it", "too", "[SEP]")
FIRST_WEIGHTS = [
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
    [0.1, 0.3, 0.2, 0.1, 0.2, 0.1],
    [0.3, 0.1, 0.1, 0.2, 0.0, 0.3],
    [0.1, 0.1, 0.3, 0.4, 0.1, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
]
SECOND_WEIGHTS = [
    [0.0, 1.0, 0.0, 0.0, 0.0],
    [0.2, 0.4, 0.1, 0.1, 0.2],
    [0.5, 0.2, 0.1, 0.2, 0.0],
    [0.0, 0.0, 0.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 1.0],
]


def test_difference_by_hand():
    found = compare_maps(result(FIRST_WEIGHTS, FIRST), result(SECOND_WEIGHTS, SECOND), (0, 0), (0, 0))
    assert found.key_labels == found.query_labels == ("[CLS]", "old", "jumps", "it", "too", "[SEP]")
    assert found.key_units[2] == ((2, 4), (1, 2))
    jumps, it = 2, 3
    # jump and s: the mean of their rows; their columns added.
    np.testing.assert_allclose(found.first[jumps], [0.2, 0.2, (0.3 + 0.3) / 2, 0.1, 0, 0.2], atol=1e-6)
    np.testing.assert_allclose(found.second[jumps], [0.2, 0, 0.4, 0.1, 0.1, 0.2], atol=1e-6)
    np.testing.assert_allclose(found.first[it], [0.1, 0.1, 0.7, 0.1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found.difference[it], [0.4, 0, -0.5, 0, 0, 0], atol=1e-6)
    assert not found.allowed[:, [1, 4]].any()  # old, too: only one text has them
    assert not found.allowed[[1, 4]].any()
    assert found.allowed[jumps].tolist() == [True, False, True, True, False, True]
    assert (found.only_first, found.only_second) == (("old",), ("too",))
    assert [change.sentence for change in found.largest(2)] == [
        "it → jumps falls from 0.70 to 0.20",
        "it → [CLS] rises from 0.10 to 0.50",
    ]
    assert len(found.largest(99)) == 3  # the rows of [CLS] and [SEP] do not count, and equal cells are no changes
    assert found.unit == "attention weight"
    assert found.first_provenance is TOY
    with pytest.raises(ValueError, match="read-only"):
        found.difference[0, 0] = 1


def test_changed_heads_by_hand():
    first, second = result(FIRST_WEIGHTS, FIRST), result(SECOND_WEIGHTS, SECOND)
    jumps = (0.2 + 0.1 + 0.1) / 2  # old lost 0.2; jumps and too won 0.1 each
    it = (0.4 + 0.1 + 0.5 + 0.2) / 2
    np.testing.assert_allclose(changed_heads(first, second), [[(jumps + it) / 2]], atol=1e-6)
    np.testing.assert_allclose(changed_heads(first, first), [[0]], atol=1e-6)
    opposite = result([[0, 0, 1, 0], [0, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]], sequence("[CLS]", "a", "b", "[SEP]"))
    same = result([[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]], sequence("[CLS]", "a", "b", "[SEP]"))
    np.testing.assert_allclose(changed_heads(opposite, same), [[1]])
    strangers = result([[1.0]], sequence("x"), kind="causal")
    assert np.isnan(changed_heads(strangers, result([[1.0]], sequence("y"), kind="causal"))).all()


def test_a_causal_mask_against_a_full_one():
    words = sequence("a", "b", "c")
    causal = result([[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.2, 0.6]], words, kind="causal")
    full = result(np.full((3, 3), 1 / 3), words)
    found = compare_maps(causal, full, (0, 0), (0, 0))
    np.testing.assert_array_equal(found.allowed, np.tril(np.ones((3, 3), dtype=bool)))
    assert found.second[0, 2] == pytest.approx(1 / 3)
    assert found.difference[0, 2] == 0
    assert found.counted.tolist() == [False, True, True]  # the decoder's first word has no choice
    assert found.largest(1)[0].sentence == "c → c falls from 0.60 to 0.33"


@pytest.mark.parametrize("by_word", [False, True])
@pytest.mark.parametrize("hide_sink", [False, True])
@pytest.mark.parametrize("measure", ["weight", "norm", "rollout"])
def test_a_sentence_with_itself_is_its_own_map(minilm, measure, hide_sink, by_word):
    options = MapOptions(measure, by_word=by_word, hide_sink=hide_sink)
    one = attention(minilm, TIRED)
    shown = attention_map(one, 3, 1, options)
    found = compare_maps(one, one, (3, 1), (3, 1), options)
    np.testing.assert_allclose(found.first, shown.weights, atol=1e-6)
    np.testing.assert_array_equal(found.allowed, shown.allowed)
    assert not found.difference.any()
    assert found.largest() == ()
    np.testing.assert_allclose(changed_heads(one, one, options), 0, atol=1e-6)


def test_tired_and_wide(minilm):
    found = compare_maps(attention(minilm, TIRED), attention(minilm, WIDE), (3, 1), (3, 1))
    assert "tired / wide" in found.key_labels
    sentences = [change.sentence for change in found.largest(3)]
    assert "it → animal falls from 0.68 to 0.28" in sentences
    assert "too → tired / wide rises from 0.07 to 0.67" in sentences
    done = []
    changes = changed_heads(attention(minilm, TIRED), attention(minilm, WIDE), on_progress=done.append)
    assert done == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert changes.shape == (6, 12)
    assert 0 <= changes.min() < changes[3, 1] < changes.max() < 1


def test_active_and_passive_of_a_decoder():
    storybook = load_model("storybook-gpt")
    first, second = attention(storybook, ACTIVE), attention(storybook, PASSIVE)
    found = compare_maps(first, second, (2, 0), (2, 0), MapOptions(by_word=True))
    assert "jumps / jumped" in found.query_labels
    assert found.only_second == ("was", "by")
    fox, lazy = found.query_labels.index("fox"), found.query_labels.index("lazy")
    assert not found.allowed[fox, lazy]  # in the active sentence the fox comes first
    assert not found.allowed[lazy, fox]
    assert changed_heads(first, second).shape == (6, 8)


def test_two_models_on_one_sentence(minilm):
    first, second = attention(load_model("storybook-gpt"), ACTIVE), attention(minilm, ACTIVE)
    found = compare_maps(first, second, (0, 0), (0, 2))
    fox, brown = found.query_labels.index("fox"), found.key_labels.index("brown")
    queries, keys = slice(*found.query_units[fox][0]), slice(*found.key_units[brown][0])
    assert queries.stop - queries.start == 2  # fo|x
    expected = first.head(0, 0)[queries, keys].sum(axis=1).mean()
    assert found.first[fox, brown] == pytest.approx(expected, abs=1e-6)
    assert found.second[fox, brown] > 0.95
    assert found.only_second == ("[CLS]", "[SEP]")
    assert found.first_provenance.model != found.second_provenance.model
    with pytest.raises(SelectionError, match="within a model only"):
        changed_heads(first, second)


def test_cross_attention(random_model):
    model = random_model("marian")
    first = attention(model, "The quick fox jumps", "La rue est large")
    second = attention(model, "The quick dog jumps", "La rue est longue")
    found = compare_maps(first, second, (0, 1), (0, 1), MapOptions(by_word=True))
    assert found.query_labels != found.key_labels
    assert any(" / " in label for label in found.query_labels)
    assert changed_heads(first, second).shape == (3, 4)
    with pytest.raises(SelectionError, match="attention of one kind"):
        compare_maps(first, attention(model, "The quick fox", kind="encoder"), (0, 0), (0, 0))


def test_with_and_without_a_head_or_over_heads():
    """Any two results of one text can be compared, and the mean or the largest of several heads."""
    words = sequence("a", "b", "c")
    one, other = (result(random_weights(2, 3, 3, 3, causal=True, seed=seed), words, kind="causal") for seed in (0, 1))
    found = compare_maps(one, other, ("mean", "max"), (1, "mean"))
    np.testing.assert_allclose(found.first, one.weights.max(axis=1).mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.second, other.weights[1].mean(axis=0), atol=1e-6)
    with pytest.raises(SelectionError, match="Layer 2 does not exist"):
        compare_maps(one, other, (0, 0), (2, 0))
    elsewhere = replace(other, provenance=replace(TOY, revision="1"))
    with pytest.raises(SelectionError, match="compare one head of each"):
        changed_heads(one, elsewhere)


def test_rows_that_look_elsewhere():
    """MiniLM's head (3, 1): "it" leaves "animal", and not for "street"."""
    model = load_model("minilm")
    tired = "The animal didn't cross the street because it was too tired."
    found = compare_maps(attention(model, tired), attention(model, tired.replace("tired", "wide")), (3, 1), (3, 1))
    moves = {move.query: move for move in found.moved(20)}
    assert (moves["it"].first_key, moves["it"].second_key) == ("animal", "[CLS]")
    assert moves["it"].sentence.startswith("it: from animal (0.68) to [CLS] (0.")
    assert [move.query for move in found.moved(2)] == [move.query for move in found.moved(20)][:2]
    same = attention(model, tired)
    assert not compare_maps(same, same, (3, 1), (3, 1)).moved()
