"""The link of a page holds the page's inputs, so that it reopens the page as it is.

Streamlit's own `bind="query-params"` writes a widget's *label* into the link ("GPT-2 (to download,
551 MB)") and silently takes the default for anything it does not know. Links must outlive labels,
and a wrong link deserves a sentence, so the inputs are read and written here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

_WRITTEN = "_link_written"
STALE_SECONDS = 5.0


@dataclass(frozen=True)
class LinkField:
    """One input of a page: the key of its widget is the name in the link.

    Attributes
    ----------
    parse : text of the link -> value; raises ValueError with a sentence for a person.
    write : value -> text of the link; the reverse of `parse`.
    """

    key: str
    default: Any
    parse: Callable[[str], Any] = str
    write: Callable[[Any], str] = str


def one_of(what: str, names: tuple[str, ...]) -> Callable[[str], str]:
    """A parser that takes only `names`."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(
                f"This link asks for the {what} {text[:60]!r}, which is not here; choose {_listed(names)}."
            )
        return text

    return parse


def whole_number(what: str) -> Callable[[str], int]:
    """A parser of numbers from 0 to 9999; the page clips them to what its model has."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise ValueError(f"This link asks for {what} {text[:20]!r}; give a whole number such as {what}=0.")
        return int(text)

    return parse


def whole_numbers(what: str, *, count: int | None = None, most: int = 400) -> Callable[[str], tuple[int, ...]]:
    """A parser of numbers joined by "-": exactly `count` of them, or at most `most`."""

    def parse(text: str) -> tuple[int, ...]:
        parts = text.split("-")
        well = all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts)
        if not well or len(parts) > most or (count is not None and len(parts) != count):
            example = "-".join(map(str, range(count or 2)))
            raise ValueError(f"This link asks for {what} {text[:30]!r}; give whole numbers such as {what}={example}.")
        return tuple(map(int, parts))

    return parse


def write_numbers(numbers: Sequence[int]) -> str:
    """The reverse of `whole_numbers`."""
    return "-".join(map(str, numbers))


def head_list(what: str, *, most: int = 400) -> Callable[[str], list[str]]:
    """A parser of heads such as "3.1-0.6": layer and head of each; the page drops those its model has not."""

    def parse(text: str) -> list[str]:
        heads = text.split("-")
        if len(heads) > most or not all(re.fullmatch(r"[0-9]{1,4}\.[0-9]{1,4}", head) for head in heads):
            raise ValueError(f"This link asks for {what} {text[:30]!r}; give layer.head, such as {what}=3.1-0.6.")
        return list(dict.fromkeys(f"{int(a)}.{int(b)}" for a, b in (head.split(".") for head in heads)))

    return parse


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def read_values(params: Mapping[str, str], fields: tuple[LinkField, ...]) -> tuple[dict[str, Any], list[str]]:
    """(value of each field, sentences about what could not be used); what a link leaves out is default."""
    values, problems = {}, []
    for field in fields:
        values[field.key] = field.default
        if field.key in params:
            try:
                values[field.key] = field.parse(params[field.key])
            except ValueError as error:
                problems.append(str(error))
    return values, problems


def _params(fields: tuple[LinkField, ...]) -> dict[str, str]:
    """The page's inputs as they are now; whatever has its default value is left out."""
    values = {field.key: st.session_state.get(field.key, field.default) for field in fields}
    return {f.key: f.write(values[f.key]) for f in fields if values[f.key] not in (None, f.default)}


def open_link(fields: tuple[LinkField, ...]) -> list[str]:
    """Set the page's inputs from its link when the link is new; returns sentences about what is wrong with it.

    A link without parameters leaves the inputs as they were, so that going to another page and
    back loses nothing. An address that this page wrote itself is not new: neither its last one, nor
    one of a moment ago, which a browser still sends when a person is quicker than it is.
    """
    given = dict(st.query_params)
    for field in fields:
        st.session_state.setdefault(field.key, field.default)
    written: list[tuple[float, dict[str, str]]] = st.session_state.get(_WRITTEN, [])
    recent = []
    if written and _params(fields) != written[-1][1]:  # only a change can outrun its address; Back changes nothing
        recent = [params for when, params in written[:-1] if time.monotonic() - when < STALE_SECONDS]
    if not given or given in recent or (written and given == written[-1][1]):
        return []
    values, problems = read_values(given, fields)
    st.session_state.update(values)
    # From now on the inputs count, also when the page stops before it can write its link.
    st.session_state[_WRITTEN] = [(time.monotonic(), given)]
    return problems


def write_link(fields: tuple[LinkField, ...]) -> dict[str, str]:
    """Write the page's inputs into its link; whatever has its default value is left out."""
    params = _params(fields)
    written = st.session_state.get(_WRITTEN, [])
    if dict(st.query_params) != params or (written and written[-1][1] != params):
        st.query_params.from_dict(params)
    if not written or written[-1][1] != params:
        st.session_state[_WRITTEN] = [*written[-9:], (time.monotonic(), params)]
    return params


def forget_links() -> None:
    """On another page: whatever link opens next is new."""
    st.session_state.pop(_WRITTEN, None)


def link(base_url: str, params: Mapping[str, str]) -> str:
    """`base_url` without its query, and the parameters.

    >>> link("http://127.0.0.1:8501/attention?old=1", {"model": "minilm", "text": "a b"})
    'http://127.0.0.1:8501/attention?model=minilm&text=a+b'
    """
    scheme, host, path, _, _ = urlsplit(base_url)
    return urlunsplit((scheme, host, path, urlencode(params), ""))


def render_link(
    params: Mapping[str, str],
    sentence: str = "This link opens this page as it is: model, text, head, switches, kept row, tool.",
) -> None:
    """A small panel with a link to copy, and what it keeps."""
    with st.popover("Link", icon=":material/link:", help="A link that reopens this picture"):
        st.caption(sentence)
        st.code(link(st.context.url or "", params), language=None, wrap_lines=True)
