"""What all people who use one running app share of files on a genome: opened files, and bins that were read.

Files on a server are read by jobs, which tell their progress and can be stopped; files on this disk at once.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import runtime
from core.errors import JobError
from core.genome.signals import check_regions
from core.jobs import JobSpec, JobStatus, PieceContext
from core.shelf import Shelf
from core.track_uploads import SessionTracks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from core.genome.annotation import Track
    from core.genome.reference import Reference
    from core.genome.signal import BigWig
    from core.genome.signals import Block, FileSource

MAX_BLOCKS, MAX_OPEN = 8_192, 32  # blocks of 2 to 4 kB: at most 32 MB
QUEUE = "network"


@st.cache_resource(show_spinner=False, scope="session", on_release=SessionTracks.close)
def session_tracks() -> SessionTracks:
    """The files that this session gave; removed when the session ends."""
    return SessionTracks()


@st.cache_resource(show_spinner=False)
def _opened() -> Shelf[Any]:
    return Shelf(max_count=MAX_OPEN)


@st.cache_resource(show_spinner=False)
def _blocks() -> Shelf[np.ndarray]:
    return Shelf(max_count=MAX_BLOCKS)


def opened_regions(source: FileSource, reference: Reference) -> Track:
    """The regions of a file, read once and checked against the genome.

    Raises
    ------
    AnnotationError
        They cannot be read, or are of another genome.
    """

    def read() -> Track:
        track = source.open_regions()
        check_regions(track, reference)
        return track

    return _opened().get(("regions", source.version, reference.identity), read)


def _signal(source: FileSource, reference: Reference, context: PieceContext | None = None) -> BigWig:
    def read() -> BigWig:
        signal = source.open_signal(on_progress=None if context is None else lambda _: context.check_cancelled())
        try:
            signal.check_assembly(reference.contigs, reference.name)
        except BaseException:
            signal.close()
            raise
        return signal

    wait = (lambda: None) if context is None else context.check_cancelled
    return _opened().get(("signal", source.version, reference.identity), read, on_wait=wait)


def check_signal(source: FileSource, reference: Reference) -> None:
    """Check that a bigWig on this disk is one, and of this genome.

    Raises
    ------
    SignalError
        It is not.
    """
    _signal(source, reference)


def known_block(source: FileSource, reference: Reference, block: Block) -> np.ndarray | None:
    """(bins,) float32: bins that are at hand, or on this disk; None of a file on a server that is to be read.

    Raises
    ------
    SignalError, InvalidLocusError
        The file cannot be read, or is of another genome.
    """

    def read() -> np.ndarray:
        if source.remote:
            raise LookupError
        values = block.read(_signal(source, reference))
        values.setflags(write=False)
        return values

    with suppress(LookupError):
        return _blocks().get(_key(source, reference, block), read)
    return None


def _key(source: FileSource, reference: Reference, block: Block) -> tuple[Any, ...]:
    return (source.version, reference.identity, block)


def block_job(source: FileSource, reference: Reference, blocks: Sequence[Block]) -> str:
    """Id of a job that reads these blocks of a file on a server; then `known_block` has them."""
    blocks = tuple(blocks)

    def read(piece: int, context: PieceContext) -> None:
        block = blocks[piece]
        context.progress(0.0, f"Reading {source.name}")
        signal = _signal(source, reference, context)
        values = block.read(signal, on_progress=lambda _: context.check_cancelled())
        values.setflags(write=False)
        _blocks().get(_key(source, reference, block), lambda: values)

    return runtime.jobs().submit(
        JobSpec(
            key=job_key(source, reference, blocks),
            title=f"Reading {source.title}",
            queue=QUEUE,
            pieces=len(blocks),
            run_piece=read,
            owner=runtime.person(),
            keep_pieces=False,
        )
    )


def job_key(source: FileSource, reference: Reference, blocks: Sequence[Block]) -> str:
    """What makes two readings the same job, whoever asks for them."""
    told = repr(tuple(blocks))
    return f"signal {hashlib.sha256(f'{source.version}|{reference.identity}|{told}'.encode()).hexdigest()}"


def job_status(job: str) -> JobStatus | None:
    """How a job is doing; None where it is no longer known."""
    try:
        return runtime.jobs().status(job)
    except JobError:
        return None
