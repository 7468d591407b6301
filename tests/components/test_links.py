"""Links that reopen a page."""

from __future__ import annotations

from components.links import (
    LinkField,
    head_list,
    link,
    one_of,
    read_values,
    whole_number,
    whole_numbers,
    write_numbers,
)

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


def test_windows_and_heads():
    fields = (
        LinkField("zoom", None, whole_numbers("zoom", count=4), write_numbers),
        LinkField("off", [], head_list("off"), "-".join),
    )
    values, problems = read_values({"zoom": "1-20-0-16", "off": "3.1-0.6-3.1"}, fields)
    assert values == {"zoom": (1, 20, 0, 16), "off": ["3.1", "0.6"]}
    assert not problems
    assert fields[0].write((1, 20, 0, 16)) == "1-20-0-16"
    for wrong in ["1-2-3", "a-b-c-d", "1--2-3", "99999-1-2-3", ""]:
        assert read_values({"zoom": wrong}, fields)[1] == [
            f"This link asks for zoom {wrong!r}; give whole numbers such as zoom=0-1-2-3."
        ]
    for wrong in ["3", "3.1-", "3.1,0.6", "a.b", "-1.2", "1" * 4000]:
        assert read_values({"off": wrong}, fields)[1][0].endswith("give layer.head, such as off=3.1-0.6.")
