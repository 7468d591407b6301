"""Links that reopen a page."""

from __future__ import annotations

from components.links import LinkField, link, one_of, read_values, whole_number

FIELDS = (
    LinkField("model", "a", one_of("model", ("a", "b"))),
    LinkField("text", "hello"),
    LinkField("layer", 0, whole_number("layer")),
)


def test_a_link_sets_what_it_says_and_leaves_the_rest_default():
    assert read_values({"model": "b", "other": "x"}, FIELDS) == ({"model": "b", "text": "hello", "layer": 0}, [])


def test_a_wrong_link_is_a_sentence_each():
    values, problems = read_values({"model": "c", "layer": "-1"}, FIELDS)
    assert values == {"model": "a", "text": "hello", "layer": 0}
    assert problems == [
        "This link asks for the model 'c', which is not here; choose a or b.",
        "This link asks for layer '-1'; give a whole number such as layer=0.",
    ]


def test_numbers_that_python_would_take_but_people_do_not_write():
    for text in ["١", "1_0", "1e3", " 1", "99999", ""]:
        assert read_values({"layer": text}, FIELDS)[1], text


def test_a_link_survives_any_text():
    text = "a & b = <c> 👩‍🔬 #x?"
    url = link("http://127.0.0.1:8501/attention?model=b#top", {"text": text})
    from urllib.parse import parse_qs, urlsplit

    assert parse_qs(urlsplit(url).query) == {"text": [text]}
    assert urlsplit(url).fragment == ""
