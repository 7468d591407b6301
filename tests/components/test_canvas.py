"""What the canvas components share: one module of browser code each, harmless words, digests."""

from __future__ import annotations

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from components import browser, drawing, head_grid, heatmap
from components.canvas import HERE, SHARED_SCRIPTS, SHARED_STYLES, browser_code, component, styles
from components.canvas.payload import digest, plain_file_name
from components.canvas.words import MAX_TITLE_CHARACTERS, display_text, display_titles

COMPONENTS = [heatmap, head_grid, drawing, browser]
PAGE = """
from pathlib import Path
from components.canvas import component
folder = Path({folder!r})
component("test_canvas", folder, html="a.html", css="a.css", scripts=("a.js", "b.js"))(key="one", data={{"a": 1}})
"""

every_component = pytest.mark.parametrize("room", COMPONENTS, ids=lambda room: room.__name__)


def code_of(room) -> str:
    return browser_code(room.HERE, room.SCRIPTS)


def without_comments(code: str) -> str:
    return re.sub(r"^[ \t]*//.*?$|/\*.*?\*/", "", code, flags=re.MULTILINE | re.DOTALL)


def test_shared_files_come_first(tmp_path):
    (tmp_path / "a.js").write_text("const a = 1;\n", encoding="utf-8")
    (tmp_path / "b.js").write_text("export default () => a;\n", encoding="utf-8")
    (tmp_path / "a.css").write_text(".own { color: red; }\n", encoding="utf-8")
    code = browser_code(tmp_path, ("a.js", "b.js"))
    assert code.endswith("const a = 1;\n\nexport default () => a;\n")
    assert code.startswith((HERE / SHARED_SCRIPTS[0]).read_text(encoding="utf-8"))
    assert styles(tmp_path, "a.css").endswith(".own { color: red; }\n")
    assert styles(tmp_path, "a.css").startswith((HERE / SHARED_STYLES).read_text(encoding="utf-8"))


def test_every_shared_file_is_used():
    found = {path.name for path in HERE.iterdir() if path.suffix in {".js", ".css", ".html"}}
    assert found == {*SHARED_SCRIPTS, SHARED_STYLES}


def test_a_component_is_mounted_with_its_data(tmp_path):
    for name, text in {
        **{"a.html": '<div class="picture"></div>', "a.css": "b { color: red; }"},
        **{"a.js": "const a = 1;", "b.js": "export default () => a;"},
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    page = AppTest.from_string(PAGE.format(folder=str(tmp_path)), default_timeout=30).run()
    assert not page.exception
    assert json.loads(page.get("bidi_component")[0].proto.json) == {"a": 1}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.html"):
        component("test_canvas_missing", tmp_path, html="a.html", css="a.css", scripts=())


@every_component
def test_a_module_gives_no_name_twice_and_exports_once(room):
    code = without_comments(code_of(room))
    names = re.findall(r"^(?:export default )?(?:function|const|let) ([\w$]+)", code, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert len(re.findall(r"^export ", code, re.MULTILINE)) == 1


@every_component
def test_every_file_of_a_component_is_used(room):
    assert {path.name for path in room.HERE.glob("*.js")} == set(room.SCRIPTS)


@every_component
def test_a_page_has_what_the_shared_scripts_look_for(room):
    [html] = [path.read_text(encoding="utf-8") for path in room.HERE.glob("*.html")]
    for part in ("picture", "figure", "base", "overlay", "downloads", "tooltip"):
        assert len(re.findall(rf'class="(?:[^"]* )?{part}(?: [^"]*)?"', html)) == 1, part
    assert html.count("aria-live") == 1


@every_component
def test_browser_code_writes_no_markup_and_asks_no_server(room):
    code = code_of(room)
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "import "):
        assert word not in code
    rest = [path.read_text(encoding="utf-8") for path in [*room.HERE.glob("*.css"), *room.HERE.glob("*.html")]]
    shared = (HERE / SHARED_STYLES).read_text(encoding="utf-8")
    for text in [code, shared, *rest]:
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("animal", "animal"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("שלום", "שלום"),
        ("e\u0301", "e\u0301"),
        ("\n", "⏎"),
        ("\t", "⇥"),
        ("", "␣"),
        ("  ", "␣␣"),
        ("\u202eabc", "U+202Eabc"),
        ("a\u2069b", "aU+2069b"),
        ("\x00", "U+0000"),
        ("\ud800", "U+D800"),
        ("\ufffe", "U+FFFE"),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 120 + "…"),
    ],
)
def test_tokens_are_shown_as_harmless_text(token, shown):
    assert display_text(token) == shown


def test_titles_are_harmless_and_may_be_empty():
    shown = display_titles(title="a\nb", subtitle="", provenance="x" * (MAX_TITLE_CHARACTERS + 1))
    assert shown == {"title": "a⏎b", "subtitle": "", "provenance": "x" * MAX_TITLE_CHARACTERS + "…"}


@pytest.mark.parametrize(
    ("name", "plain"),
    [("../a b/ß.x", "a-b-ß.x"), ("...", "picture"), ("", "picture"), ("layer_3.head", "layer_3.head")],
)
def test_names_of_files_are_plain(name, plain):
    assert plain_file_name(name, otherwise="picture") == plain


def test_digests_are_equal_for_equal_payloads_only():
    assert digest(b"a") == digest(b"a") != digest(b"b")
