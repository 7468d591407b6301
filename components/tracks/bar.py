"""The list of places to keep and to step through, beside the box for a place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from components.messages import plain
from core.errors import AnnotationError
from core.genome.interval import Interval
from core.genome.places import MAX_BED_BYTES, MAX_PLACES, NamedPlace, read_places, write_places

Go = Callable[[str], None]
LISTED = 30
_LINE = re.compile(r"Line (\d+) of ")


def kept_places() -> tuple[NamedPlace, ...]:
    """The list of places of this session."""
    return st.session_state.get("_places", ())


def render_places(
    here: Callable[[], NamedPlace | None], contigs: Mapping[str, int], genome: str, go: Go
) -> None:  # fmt: skip
    """A panel with the places that were kept: go there, drop, load and save as BED.

    Parameters
    ----------
    here : what is seen now, to be kept.
    """
    places = kept_places()
    panel = st.popover(
        "Places", icon=":material/bookmark:", help="Keep places, or step through a BED file", key="places",
        on_change="rerun",
    )  # fmt: skip
    if not panel.open:
        return
    with panel:
        st.button("Keep this place", icon=":material/bookmark_add:", on_click=_keep, args=(here,))
        for number, place in enumerate(places[:LISTED]):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.button(
                    plain(place.name), key=f"place_go_{number}", type="tertiary", on_click=_go_to, args=(number, go)
                )
                if place.name != place.interval.locus:
                    st.caption(plain(place.interval.locus))
                st.button(
                    "Drop", key=f"place_drop_{number}", type="tertiary",
                    on_click=_drop, args=(number,),
                )  # fmt: skip
        if len(places) > LISTED:
            st.caption(f"{len(places) - LISTED} more; step through them beside the box.")
        if places:
            with st.container(horizontal=True):
                st.download_button(
                    "BED", write_places(places), "places.bed", "text/plain", icon=":material/download:",
                    on_click="ignore",
                )  # fmt: skip
                st.button("Drop all", icon=":material/delete:", type="tertiary", on_click=_drop_all)
        st.file_uploader(
            "Add places from a BED file", type=["bed", "txt", "tsv"], key="places_file",
            max_upload_size=MAX_BED_BYTES // 10**6, on_change=_load_file, args=(contigs, genome),
        )  # fmt: skip
        st.text_area(
            "or paste them", key="places_text", height=90, placeholder="chromosome, start (from 0), end, name",
            on_change=_load_text, args=(contigs, genome),
        )  # fmt: skip
        for sentence in st.session_state.get("_places_problems", ()):
            st.warning(plain(sentence), icon=":material/info:")


def render_steps(go: Go) -> None:
    """Previous and next of the list, with the name of the place between them."""
    places = kept_places()
    if not places:
        return
    at = st.session_state.get("_places_at", -1)
    name = f"{len(places)} places"
    if 0 <= at < len(places):
        own = places[at].name != places[at].interval.locus
        name = f"{at + 1} of {len(places)}" + (f": {_short(places[at].name)}" if own else "")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.button(
            "Previous", icon=":material/chevron_left:", key="places_previous", help="The place before it in the list",
            on_click=_go_to, args=(at - 1, go), disabled=at < 1,
        )  # fmt: skip
        st.caption(plain(name), width="content")
        st.button(
            "Next", icon=":material/chevron_right:", key="places_next", help="The next place of the list",
            on_click=_go_to, args=(at + 1, go), disabled=at >= len(places) - 1,
        )  # fmt: skip


def _short(name: str, most: int = 24) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _set(places: Sequence[NamedPlace], at: int = -1) -> None:
    st.session_state["_places"], st.session_state["_places_at"] = tuple(places[:MAX_PLACES]), at
    st.session_state["_places_problems"] = ()


def forget_places() -> None:
    """Of another genome."""
    _set(())


def _keep(here: Callable[[], NamedPlace | None]) -> None:
    place = here()
    if place is not None and place not in kept_places():
        _set((*kept_places(), place), len(kept_places()))


def _drop(number: int) -> None:
    places = kept_places()
    _set(places[:number] + places[number + 1 :])


def _drop_all() -> None:
    _set(())


def _go_to(number: int, go: Go) -> None:
    places = kept_places()
    if 0 <= number < len(places):
        st.session_state["_places_at"] = number
        go(places[number].interval.locus)


def _load_file(contigs: Mapping[str, int], genome: str) -> None:
    given = st.session_state.get("places_file")
    if given is not None:
        _load(given.getvalue().decode("utf-8", errors="replace"), contigs, genome, given.name)


def _load_text(contigs: Mapping[str, int], genome: str) -> None:
    if (text := st.session_state.get("places_text") or "").strip():
        _load(text, contigs, genome, "the list")


def _load(text: str, contigs: Mapping[str, int], genome: str, source: str) -> None:
    try:
        places, problems = read_places(text, contigs, genome, source)
    except AnnotationError as error:
        st.session_state["_places_problems"] = (str(error),)
        return
    before = len(kept_places())
    _set((*kept_places(), *places), before - 1)
    lines = [found[1] for problem in problems[3:] if (found := _LINE.match(problem))]
    others = tuple(problem for problem in problems[3:] if not _LINE.match(problem))
    more = (f"{_listed_lines(lines)} could not be read too.",) if lines else ()
    st.session_state["_places_problems"] = problems[:3] + more + others


def _listed_lines(numbers: Sequence[str], most: int = 20) -> str:
    """ "Line 6" or "Lines 6, 7 and 9"."""
    if len(numbers) == 1:
        return f"Line {numbers[0]}"
    if len(numbers) > most:
        return f"Lines {', '.join(numbers[:most])} and {len(numbers) - most} more"
    return f"Lines {', '.join(numbers[:-1])} and {numbers[-1]}"


def place_named(name: str, interval: Interval) -> NamedPlace:
    """What is seen, under the name that was typed for it where that is a name."""
    return NamedPlace(name or interval.locus, interval)
