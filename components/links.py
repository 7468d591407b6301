"""Links that reopen a page as it is."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st


def link(base_url: str, params: Mapping[str, str | int | None]) -> str:
    """`base_url` without its query, and the parameters that are not None.

    >>> link("http://127.0.0.1:8501/attention?old=1", {"model": "minilm", "text": "a b", "head": None})
    'http://127.0.0.1:8501/attention?model=minilm&text=a+b'
    """
    scheme, host, path, _, _ = urlsplit(base_url)
    given = {key: str(value) for key, value in params.items() if value is not None}
    return urlunsplit((scheme, host, path, urlencode(given), ""))


def render_link(params: Mapping[str, str | int | None]) -> None:
    """A small panel with a link to copy."""
    with st.popover("Link", icon=":material/link:", help="A link that reopens this picture"):
        st.caption("This link opens the same model, text, layer and head.")
        st.code(link(st.context.url or "", params), language=None, wrap_lines=True)
