"""Files on the genome that is shown: choosing them, giving one's own, their rows, and what is still being read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st

from components.browser.scene import Row, SignalRow
from components.job_panel import render_job
from components.messages import plain
from components.tracks.files import Laid, lay_over, matching_track, measured_row, region_rows
from core import runtime, runtime_signals
from core.enformer.tracks import Track
from core.errors import AttendomeError
from core.genome.contigs import find_contig, resolve_contig
from core.genome.signals import Block, FileSource, bin_size_for, blocks_of, file_sources
from core.settings import settings
from core.shelf import Shelf
from core.teaching.playground.files import playground_signal
from core.teaching.playground.grammar import TRACKS
from core.track_uploads import ENDINGS, MAX_REGIONS_BYTES, MAX_SIGNAL_BYTES
from dashboard.tracks.truth import is_playground, truth_columns
from dashboard.tracks.where import Ground

FILES_KEY, MEASURED_KEY, UPLOAD_KEY = "files", "measured", "own_tracks"
OWN, OWN_ROW = -1, "a row of its own"
GLANCE_SECONDS = 0.4
_HALTED, _RUNNING = "_files_halted", "_files_running"


@dataclass(frozen=True, eq=False)
class FileChoice:
    """What a person wants to see of files.

    Attributes
    ----------
    rows : files that get rows of their own.
    over : index of a track -> the signal that is laid over its prediction.
    simulated : whether `over` are the playground's own measurements, in the unit of their tracks.
    """

    rows: tuple[FileSource, ...] = ()
    over: Mapping[int, FileSource] = field(default_factory=dict)
    simulated: bool = False


# Giving and choosing ---------------------------------------------------------------------------------


def take_files() -> None:
    """A box for bigWig and BED files of the person's own, in the sidebar."""
    with st.sidebar.popover("Your own bigWig or BED", icon=":material/upload_file:", width="stretch"):
        st.caption(
            f"bigWig up to {MAX_SIGNAL_BYTES / 1024**2:.0f} MB, BED up to {MAX_REGIONS_BYTES / 1024**2:.0f} MB, of the "
            "genome that is shown. They stay on this machine and are deleted when you close the page. Larger files: "
            "name them in ATTENDOME_SIGNALS or ATTENDOME_REGIONS."
        )
        st.file_uploader(
            "bigWig or BED", type=[ending.rpartition(".")[2] for ending in ENDINGS], key=UPLOAD_KEY,
            accept_multiple_files=True, max_upload_size=MAX_SIGNAL_BYTES // 1024**2, on_change=_keep,
            label_visibility="collapsed",
        )  # fmt: skip
    for problem in st.session_state.get("_own_tracks_problems", ()):
        st.sidebar.error(plain(problem), icon=":material/info:")


def _keep() -> None:
    """Keep what was given and forget what was taken away."""
    state, folder = st.session_state, runtime_signals.session_tracks()
    given = {file.file_id: file for file in state.get(UPLOAD_KEY) or ()}
    known: dict[str, FileSource | None] = state.setdefault("_own_tracks", {})
    problems: dict[str, str] = state.setdefault("_own_tracks_said", {})
    for gone in [each for each in known if each not in given]:
        source = known.pop(gone)
        problems.pop(gone, None)
        if source is not None and source in folder.sources:
            folder.remove(source.name)
    chosen = list(state.get(FILES_KEY) or ())
    for each, file in given.items():
        if each in known:
            continue
        known[each] = None
        try:
            known[each] = source = folder.keep(file.name, file.getvalue())
        except AttendomeError as error:
            problems[each] = str(error)
        else:
            chosen.append(source.id)
    state["_own_tracks_problems"] = tuple(problems.values())
    state[FILES_KEY] = [each for each in chosen if each in {source.id for source in available_files()}]


def available_files() -> tuple[FileSource, ...]:
    """The files of the settings and of this session."""
    return (*file_sources(settings()), *runtime_signals.session_tracks().sources)


def choose_files(ground: Ground, tracks: Sequence[Track], *, measured: bool = True) -> FileChoice:
    """Which files are shown, and where; those that do not fit the genome are named with the reason.

    Parameters
    ----------
    tracks : that are shown.
    measured : whether the playground's own measurements are laid over its tracks at first.
    """
    over, simulated = dict(_playground_over(ground, tracks, measured)), False
    simulated = bool(over)
    sources = {source.id: source for source in available_files()}
    if not sources:
        return FileChoice((), over, simulated)
    state = st.session_state
    state[FILES_KEY] = [each for each in state.get(FILES_KEY) or () if each in sources]
    with st.container():
        ids = st.multiselect(
            "Files on this genome", list(sources), format_func=lambda each: sources[each].title, key=FILES_KEY,
            placeholder="measured signal and regions", help="Of ATTENDOME_SIGNALS, ATTENDOME_REGIONS, and your own.",
        )  # fmt: skip
        rows = []
        for each in ids:
            source = sources[each]
            if problem := misfit(source, ground):
                st.warning(plain(f"{source.title} is not shown. {problem}"), icon=":material/info:")
            elif source.kind == "signal" and (track := _over_which(source, tracks)) is not None:
                over[track], simulated = source, False
            else:
                rows.append(source)
    return FileChoice(tuple(rows), over, simulated)


def _over_which(source: FileSource, tracks: Sequence[Track]) -> int | None:
    """Index of the track that the signal is laid over, or None for a row of its own."""
    if not tracks:
        return None
    labels = {OWN: OWN_ROW} | {track.index: f"a line over {track.label}" for track in tracks}
    likely = matching_track(source.name, tracks)
    options = list(labels)
    chosen = st.selectbox(
        plain(f"{source.title} as"), options, index=options.index(likely.index if likely else OWN),
        format_func=labels.__getitem__, key=f"over_{source.id}",
    )  # fmt: skip
    return None if chosen == OWN else chosen


def _playground_over(ground: Ground, tracks: Sequence[Track], measured: bool) -> dict[int, FileSource]:
    """The playground's own measurements, matched to its tracks by name, where they are asked for."""
    columns = truth_columns(tracks) if is_playground(ground.name, ground.reference) else None
    if not columns:
        return {}
    st.session_state.setdefault(MEASURED_KEY, measured)
    on = st.sidebar.toggle(
        "Measured signal", key=MEASURED_KEY,
        help="The playground's simulated measurement of each track, with the noise of an experiment, as a line.",
    )  # fmt: skip
    return {track.index: simulated_source(c) for track, c in zip(tracks, columns, strict=True)} if on else {}


def simulated_source(column: int) -> FileSource:
    """The playground's simulated measurement of one of its tracks."""
    name = TRACKS[column]
    return FileSource(f"simulated:{column}", f"{name}, simulated", "signal", str(playground_signal(name)))


def misfit(source: FileSource, ground: Ground) -> str:
    """Why a file cannot be shown on this genome, or ""; a file on a server is only asked when it is read."""
    try:
        if source.kind == "regions":
            runtime_signals.opened_regions(source, ground.reference)
        elif not source.remote:
            runtime_signals.check_signal(source, ground.reference)
    except AttendomeError as error:
        return str(error)
    return ""


# Rows ------------------------------------------------------------------------------------------------


def file_rows(
    choice: FileChoice, ground: Ground, chrom: str, loaded: tuple[int, int], seen_bp: float
) -> tuple[Row, ...]:
    """Rows of the chosen files.

    Parameters
    ----------
    loaded : (start, end) that rows are to know: what is seen and some more on either side.
    seen_bp : width of what is seen; bins are as wide as a pixel or less.
    """
    reference = ground.reference
    contig = resolve_contig(chrom, reference.contigs, reference.name)
    bin_bp = bin_size_for(seen_bp)
    rows: list[Row] = []
    for source in choice.rows:
        row_id = f"file:{source.id}"
        if source.kind == "regions":
            rows += region_rows(row_id, source.title, source.name, _laid_regions(source, ground, contig), loaded)
            continue
        blocks = blocks_of(contig, *loaded, bin_bp, reference.contigs[contig])
        found, note = read_blocks(source, ground, blocks)
        rows.append(measured_row(row_id, source.title, source.name, list(zip(blocks, found, strict=True)), note))
    return tuple(rows)


def with_measured(
    choice: FileChoice, ground: Ground, chrom: str, row: SignalRow, track: Track, seen: tuple[float, float]
) -> SignalRow:
    """A predicted track's row with the signal that is laid over it, if there is any."""
    if (source := choice.over.get(track.index)) is None or not row.pieces:
        return row
    contig = resolve_contig(chrom, ground.reference.contigs, ground.reference.name)
    blocks = [Block(contig, piece.start_bp, round(piece.bin_bp), len(piece.values)) for piece in row.pieces]
    found, note = read_blocks(source, ground, blocks)
    measured = {block.start: values for block, values in zip(blocks, found, strict=True) if values is not None}
    unit = {"unit": track.unit} if choice.simulated else {}
    laid = lay_over(row, measured, source.title if choice.simulated else source.name, seen, **unit)
    return replace(laid, note=" · ".join(filter(None, (laid.note, note))))


@st.cache_resource(show_spinner=False)
def _laid() -> Shelf[Laid]:
    return Shelf(max_count=16)


def _laid_regions(source: FileSource, ground: Ground, contig: str) -> Laid:
    """The regions of a file on one chromosome, laid in lanes once."""

    def lay() -> Laid:
        regions = runtime_signals.opened_regions(source, ground.reference).regions
        same = {name for name in {r.interval.chrom for r in regions} if find_contig(name, [contig]) is not None}
        return Laid.of([region for region in regions if region.interval.chrom in same])

    return _laid().get((source.version, ground.reference.identity, contig), lay)


# Reading from servers --------------------------------------------------------------------------------


def read_blocks(source: FileSource, ground: Ground, blocks: Sequence[Block]) -> tuple[list[np.ndarray | None], str]:
    """(bins of each block, None where they are still to be read; a note for the row).

    What is missing of a file on a server is read by a job, which takes the place of an earlier one for the same file;
    one that a person stopped, or that failed, is not started again by itself: see `render_reading`.
    """
    reference = ground.reference
    try:
        found = [runtime_signals.known_block(source, reference, block) for block in blocks]
    except AttendomeError as error:
        _halted()[source.id] = str(error)
        return [None] * len(blocks), "cannot be read"
    missing = [block for block, values in zip(blocks, found, strict=True) if values is None]
    if not missing:
        _running().pop(source.id, None)
        _halted().pop(source.id, None)
        return found, ""
    _look_after(source.id)
    if source.id in _halted():
        return found, "stopped"
    former = _running().get(source.id)
    job = runtime_signals.block_job(source, reference, missing)
    _leave(former, job)
    _running()[source.id] = job
    status = runtime.jobs().wait(job, 0.0 if job == former else GLANCE_SECONDS)
    if status.state in ("failed", "cancelled"):
        _halted()[source.id] = status.sentence
        _running().pop(source.id, None)
        return found, "cannot be read" if status.state == "failed" else "stopped"
    found = [runtime_signals.known_block(source, reference, block) for block in blocks]
    if all(values is not None for values in found):
        _running().pop(source.id, None)
        return found, ""
    return found, "reading …"


def render_reading() -> None:
    """Progress, with a way to stop, of files that are read from servers; and those that could not be read."""
    sources = {source.id: source for source in available_files()}
    for each in tuple(_running()):
        _look_after(each)
        if each in _running() and each in sources:
            render_job(runtime.jobs(), _running()[each], key=f"reading_{each}")
    for each, why in dict(_halted()).items():
        if each in sources:
            left, right = st.columns([5, 1], vertical_alignment="center")
            left.warning(plain(f"{sources[each].title}: {why}"), icon=":material/info:")
            right.button("Read again", key=f"again_{each}", on_click=_halted().pop, args=(each, None))


def _look_after(source_id: str) -> None:
    """Remember that the job of a file was stopped or failed, so that it is not started again by itself."""
    if (job := _running().get(source_id)) is None:
        return
    status = runtime_signals.job_status(job)
    if status is not None and (status.stopping or status.state in ("failed", "cancelled")):
        _halted()[source_id] = status.sentence if status.state == "failed" else "Stopped"
        del _running()[source_id]


def _leave(former: str | None, job: str) -> None:
    if former is None or former == job:
        return
    status = runtime_signals.job_status(former)
    if status is not None and status.active:
        runtime.jobs().leave(former, runtime.person())


def _halted() -> dict[str, str]:
    return st.session_state.setdefault(_HALTED, {})


def _running() -> dict[str, str]:
    return st.session_state.setdefault(_RUNNING, {})
