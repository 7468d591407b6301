"""The home page without a browser."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from components.examples import EXAMPLES
from components.links import read_values
from components.state import link_fields
from core.language.registry import sources
from core.settings import ROOT, settings


def test_home_says_what_there_is():
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    assert not at.exception
    assert at.title[0].value == "Attendome"
    assert at.markdown[0].value.count(". ") + 1 == 3  # three sentences
    table = at.table[0].value
    assert list(table["Model"])[:2] == ["MiniLM encoder", "Storybook GPT"]
    assert any("Models run on" in m.value for m in at.markdown)


def test_every_example_is_a_valid_link():
    fields = link_fields(sources(settings()))
    for example in EXAMPLES:
        assert read_values(example.params, fields)[1] == []
        assert set(example.params) <= {field.key for field in fields}
