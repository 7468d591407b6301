"""What people read when something is wrong."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from components.messages import APOLOGY, plain


def test_typed_text_is_never_formatted():
    assert plain("<script>**x** [a](b) :smile: $y$\n# z") == (
        "\\<script\\>\\*\\*x\\*\\* \\[a\\]\\(b\\) \\:smile\\: \\$y\\$ \\# z"
    )


def _page(kind):
    import streamlit as st

    from components.messages import explained_errors
    from core.errors import EmptyTextError

    with explained_errors():
        if kind == "ours":
            raise EmptyTextError("Type *something*.")
        if kind == "bug":
            raise KeyError("secret path")
        if kind == "stop":
            st.stop()
    st.write("after")


def test_our_errors_are_their_sentence():
    at = AppTest.from_function(_page, args=("ours",)).run()
    assert [e.value for e in at.error] == ["Type \\*something\\*\\."]
    assert not at.exception


def test_anything_else_is_an_apology_and_logged(caplog):
    at = AppTest.from_function(_page, args=("bug",)).run()
    assert [e.value for e in at.error] == [APOLOGY]
    assert not at.exception
    assert "secret path" in caplog.text
    assert "secret path" not in APOLOGY


def test_stop_is_not_an_error():
    at = AppTest.from_function(_page, args=("stop",)).run()
    assert not at.error
    assert not at.markdown
