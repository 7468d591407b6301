"""A list of variants on the page: given by upload, paste or example, read, and scored as a job.

Both "Many variants" and "Does it work?" are made of it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from components.controls import choose
from components.job_panel import job_text
from components.messages import plain, waiting_line
from core import runtime, runtime_scores
from core.effects.files import Scored
from core.effects.job import Scoring, grid_words, left_of
from core.effects.listed import VariantList, check_upload
from core.errors import AttendomeError, JobError
from core.jobs import JobStatus, format_seconds
from core.settings import settings
from core.teaching.playground.effect_truth import true_variants
from dashboard.tracks.truth import is_playground
from dashboard.variants.page import Ask

WAYS = {"example": "Example", "upload": "Upload", "paste": "Paste"}
EXAMPLE = "playground variants.tsv"
MAX_TEXT = 200_000
MANY_TRACKS = 200  # from so many on, a part of them is scored unless all are asked for
MAX_DISK_SHARE = 0.9
GLANCE_SECONDS = 2.0
REFRESH_SECONDS = 2.0


@dataclass(frozen=True, eq=False)
class Given:
    """What a person gave."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """Of the content."""
        return hashlib.sha256(self.content).hexdigest()


def example(ask: Ask) -> Given | None:
    """The shipped table of the playground's variants, with their simulated effects."""
    if not is_playground(ask.ground.name, ask.ground.reference):
        return None
    table = true_variants()
    return Given(EXAMPLE, table.assign(causal=table.causal.astype(int)).to_csv(sep="\t", index=False).encode())


def give(ask: Ask, part: str, *, hint: str) -> Given | None:
    """Ask for a list; None while there is none.

    Parameters
    ----------
    part : "many" or "works", for the names of the inputs. hint : what the file should hold.
    """
    known = example(ask)
    ways = {way: words for way, words in WAYS.items() if way != "example" or known is not None}
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        way = choose("Variants from", ways, f"var_{part}_way", place=st)
    if way == "example":
        st.caption(
            "500 variants of the playground's held-out chromosome: half of them change a letter of a site that "
            "matters, half a letter beside it that does not. Their true effect is known."
        )
        return known
    return _uploaded(part, hint) if way == "upload" else _pasted(part)


def _uploaded(part: str, hint: str) -> Given | None:
    limit = settings().max_vcf_bytes
    file = st.file_uploader(
        f"{hint}, up to {limit / 1e6:,.0f} MB", key=f"var_{part}_file", max_upload_size=max(1, limit // 10**6),
        help="Larger files: python -m core.effects score FILE --out scores.tsv. Yours stays on this machine.",
    )  # fmt: skip
    if file is None:
        return None
    try:
        check_upload(file.name, file.size)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return None
    return Given(file.name[-120:], file.getvalue())


def _pasted(part: str) -> Given | None:
    text = st.text_area(
        "One variant a line", key=f"var_{part}_text", height=140, max_chars=MAX_TEXT,
        placeholder="chr1:14677:G:A\nchr1-109274968-G-T\nor the lines of a VCF, or a table with its column names",
    )  # fmt: skip
    return Given("pasted variants", text.encode("utf-8", errors="replace")) if text.strip() else None


def read(ask: Ask, given: Given, part: str) -> VariantList | None:
    """The list, read and checked; None while that goes on, which is then shown."""
    key = runtime_scores.list_key(given.content, given.name, ask.engine, ask.ground.reference)
    if (found := runtime_scores.known_list(key)) is not None:
        return found
    jobs, state = runtime.jobs(), st.session_state
    slot = f"_var_{part}_reading"
    if state.get(slot, ("",))[0] != key:
        number = runtime_scores.start_list(key, given.content, given.name, ask.engine, ask.ground.reference)
        state[slot] = (key, number)
    status = _status(state[slot][1])
    if status is not None and status.active:
        place = st.empty()
        place.caption(f"Reading {plain(given.name)} …")
        with suppress(JobError):
            status = jobs.wait(state[slot][1], GLANCE_SECONDS)
        place.empty()
    if (found := runtime_scores.known_list(key)) is not None:
        return found
    if status is not None and status.active:
        st.fragment(_watch_reading, run_every=REFRESH_SECONDS / 2)(state[slot][1], part)
        return None
    state.pop(slot)
    if status is not None and status.error:
        st.error(plain(status.error), icon=":material/info:")
    else:
        st.button("Read it again", key=f"var_{part}_read")
    return None


def _watch_reading(job: str, part: str) -> None:
    status = _status(job)
    if status is None or not status.active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(status.fraction, text=plain(f"{status.title} · {job_text(status)}"))
        st.button("Cancel", key=f"var_{part}_stop_reading", on_click=_leave, args=(job,))


def _status(job: str) -> JobStatus | None:
    with suppress(JobError):
        return runtime.jobs().status(job)
    return None


def _leave(job: str) -> None:
    with suppress(JobError):
        runtime.jobs().leave(job, runtime.person())


def scoring_of(ask: Ask, listed: VariantList, tracks: tuple[int, ...] | None) -> Scoring:
    """What is to be scored of a list."""
    key = (listed.digest, listed.name, tracks, *ask.key, ask.ground.genes is not None)
    return runtime_scores.scoring_of(
        key,
        lambda: Scoring(
            ask.engine, ask.ground.reference, listed, tracks, ask.head, ask.averaging, ask.ground.genes
        ),
    )  # fmt: skip


def choose_tracks(ask: Ask, part: str) -> tuple[int, ...] | None:
    """Which tracks are scored; None for all."""
    from core.enformer.track_sets import sets_of

    table = ask.table
    if len(table) <= MANY_TRACKS:
        return None
    sets = {str(number): one for number, one in enumerate(sets_of(table))} if ask.head == "human" else {}
    names = {number: f"{one.name}: {one.summary}" for number, one in sets.items()}
    names["all"] = f"All {len(table):,} tracks"
    chosen = st.selectbox(
        "Tracks", list(names), format_func=names.get, key=f"var_{part}_tracks",
        help="The time is nearly the same for all; the scores take disk space for each.",
    )  # fmt: skip
    return None if chosen == "all" else sets[chosen].indices


def render_scoring(ask: Ask, scoring: Scoring, part: str) -> Scored | None:
    """Cost and button, or progress and Cancel; what is finished so far, None of nothing that was ever begun."""
    kept = runtime_scores.journal_of(scoring)
    listed = scoring.listed
    scored = Scored(listed, kept, scoring.columns, scoring.engine.input_bp)
    if kept.complete:
        return scored
    if (job := runtime_scores.running_scoring(scoring)) is not None:
        st.session_state[f"_var_{part}_job"] = job
        st.fragment(_watch, run_every=REFRESH_SECONDS)(job, part)
        return scored
    status = _status(st.session_state.get(f"_var_{part}_job", ""))
    if status is not None and status.state == "failed":
        st.error(plain(status.error), icon=":material/info:")
    if (needed := kept.plan.nbytes) > MAX_DISK_SHARE * settings().scores_bytes:
        st.error(
            f"The scores would take {needed / 1e9:,.1f} GB, and {settings().scores_bytes / 1e9:,.1f} GB are set aside; "
            "choose fewer tracks, raise ATTENDOME_SCORES_MB, or use the command: python -m core.effects score.",
            icon=":material/info:",
        )
        return None
    waiting = st.empty()
    seconds = runtime_scores.seconds_for(scoring, on_wait=waiting_line(waiting, "Estimating the time"))
    waiting.empty()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        left = len(listed) - kept.done
        label = "Go on" if kept.done else f"Score {left:,} variant{'s' * (left != 1)}"
        st.button(
            f"{label} ({format_seconds(seconds)})", key=f"var_{part}_score", type="primary",
            icon=":material/play_arrow:", on_click=_start, args=(scoring, part),
        )  # fmt: skip
        before = f"{kept.done:,} of {len(listed):,} are finished. " if kept.done else ""
        many = f"{grid_words(scoring)}, {len(scoring.columns):,} tracks."
        if kept.done:
            windows = len({group.window for group in left_of(scoring, kept)})
            many = f"{windows:,} window{'s are' if windows != 1 else ' is'} left."
        st.caption(plain(f"{before}{many} What is finished is kept, whatever happens."), width="content")
    if problem := st.session_state.pop(f"_var_{part}_problem", ""):
        st.error(plain(problem), icon=":material/info:")
    return scored if kept.done else None


def _start(scoring: Scoring, part: str) -> None:
    try:
        job = runtime_scores.start_scoring(scoring, f"Scoring {scoring.listed.name}")
    except JobError as error:
        st.session_state[f"_var_{part}_problem"] = str(error)
    else:
        st.session_state[f"_var_{part}_job"] = job


def _watch(job: str, part: str) -> None:
    """How far it is. The page runs again each time, so that its table grows."""
    status = _status(job)
    with st.container(horizontal=True, vertical_alignment="center"):
        if status is not None and status.active:
            st.progress(status.fraction, text=plain(f"{status.title} · {job_text(status)}"))
            st.button("Cancel", key=f"var_{part}_cancel", on_click=_leave, args=(job,), disabled=status.stopping)
    if status is None or not status.active:
        st.rerun()


def render_left_out(listed: VariantList, part: str) -> None:
    """Every record that is not scored, with its line and reason."""
    from core.effects.files import rejected_table

    for note in listed.notes:
        st.warning(plain(note), icon=":material/info:")
    if not listed.rejected:
        return
    count = len(listed.rejected) + listed.hidden
    with st.expander(f"{count:,} record{'s' * (count != 1)} of {plain(listed.name)} left out, with the reason"):
        table = rejected_table(listed)
        shown = table[table.line > 0]
        if not shown["offer"].any():
            shown = shown.drop(columns="offer")
        st.dataframe(
            shown, hide_index=True,
            height=240 if len(table) > 6 else "auto", key=f"var_{part}_rejected",
            column_config={
                "line": "Line", "text": "Record", "reason": st.column_config.TextColumn("Why", width="large"),
                "offer": "Probably meant",
            },
        )  # fmt: skip
        st.download_button(
            "Left-out records (TSV)", lambda: table.to_csv(sep="\t", index=False).encode(), "rejected.tsv",
            "text/tab-separated-values", icon=":material/download:", on_click="ignore", key=f"var_{part}_rejected_tsv",
        )  # fmt: skip
