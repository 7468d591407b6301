"""The published Enformer: where it comes from, how its positions are read, and what is kept of a PyTorch file of it."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core import hub
from core.enformer.hparams import Hyperparameters
from core.errors import ModelFilesError
from core.files import sha256_of
from core.hub.models import NO_TOKENIZER
from core.settings import Settings, settings
from core.sources import ModelSource, hub_source

OFFICIAL = hub.HubModel(
    name="official",
    repo="EleutherAI/enformer-official-rough",
    title="Enformer (official weights)",
    approximate_bytes=1_005_000_000,
    licence="CC BY 4.0",
    summary="DeepMind's Enformer of 2021 in PyTorch: reads 196,608 letters of DNA and predicts 5,313 human and "
    "1,643 mouse experiments, 128 letters at a time.",
    tokenizer_files=NO_TOKENIZER,
)
FACTS = (
    ("Gene expression (CAGE) at gene starts, correlation with the measured, in the paper", "0.85"),
    ("All human tracks, Pearson correlation on test regions, these PyTorch weights", "0.65"),
    ("The same on validation regions", "0.625"),
)
LIMITS = (
    "Between people it often gets the direction of an effect wrong (Huang et al. 2023; Sasse et al. 2023), and it "
    "makes little use of distant enhancers (Karollus et al. 2023)."
)
MAX_COPIES = 3  # of 1 GB each
_SHA256 = re.compile(r"[0-9a-f]{64}")


def official_source(options: Settings) -> ModelSource:
    """The published model on the hub, downloaded or not."""
    size = hub.size_sentence(OFFICIAL.approximate_bytes)
    instead = (
        f"it is a download of {size}. Press Download beside its name in the app, or run "
        'python -c "from core.enformer.official import fetch; fetch()".'
    )
    source = hub_source(OFFICIAL, options, instead=instead)
    return replace(source, facts=FACTS, limits=LIMITS, remove=lambda: remove(options))


def fetch(
    options: Settings | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Path:
    """Download the published model, for notebooks; goes on where an interrupted download stopped.

    Parameters
    ----------
    on_progress : given the bytes that are here and all bytes; the default prints each per cent.

    Raises
    ------
    OfflineError, ModelFilesError, ModelUnavailableError
        As `core.hub.download`.
    """
    options = options or settings()
    plan = hub.plan_download(OFFICIAL, options, check_cancelled=check_cancelled)
    return hub.download(plan, options, on_progress=on_progress or _printer(), check_cancelled=check_cancelled)


def _printer() -> Callable[[int, int], None]:
    last = -1

    def show(done: int, total: int) -> None:
        nonlocal last
        if (percent := 100 * done // total) != last:
            last = percent
            end = "\n" if done == total else ""
            print(f"\r{hub.size_sentence(done)} of {hub.size_sentence(total)}", end=end, flush=True)

    return show


def remove(options: Settings) -> None:
    """Delete the download and what was made from it.

    Raises
    ------
    ModelUnavailableError
        The disk refuses.
    """
    if (folder := hub.snapshot_folder(OFFICIAL, options)) is None:
        return
    copies = _copies_of(folder / "pytorch_model.bin", options)
    hub.remove_download(OFFICIAL, options)
    for copy in copies:
        shutil.rmtree(copy, ignore_errors=True)


def wants_tf_gamma(sizes: Hyperparameters, *, official: bool, ours: bool) -> bool:
    """Whether the model was trained with TensorFlow's gamma positions.

    - Of the official name: yes, if they have the right shape.
    - In a folder that `save_weights` wrote: as its config.json says.
    - In any other folder: yes if it has the published model's sizes, else as config.json says. What it says cannot be
      believed for the published model: its own config.json is silent, and a copy that enformer_pytorch saved says
      "false" while its weights need them.
    """
    if official:
        return sizes.fits_tf_gamma
    return sizes.use_tf_gamma or (not ours and sizes.is_official_geometry)


def check_copy(weights: Path, title: str) -> None:
    """Compare a file of the hub's cache, which is called by its sha256, with its name; others have no known digest.

    Raises
    ------
    ModelFilesError
        It is damaged.
    """
    blob = weights.resolve()
    if blob.parent.name == "blobs" and _SHA256.fullmatch(blob.name) and sha256_of(blob) != blob.name:
        raise ModelFilesError(f"{weights.name} of {title} is damaged on this machine; download it again.")


def converted_folder(weights: Path, options: Settings) -> Path:
    """Where our own copy of a PyTorch file is kept, so that the file is read only once.

    The name follows from the file's place, size and time, and from config.json beside it.
    """
    state = weights.resolve().stat()
    config = (weights.parent / "config.json").read_bytes()
    version = hashlib.sha256(f"{state.st_size} {state.st_mtime_ns} ".encode() + config).hexdigest()[:16]
    return _copies_folder(options) / f"{_place(weights)}-{version}"


def drop_old_copies(weights: Path, options: Settings) -> None:
    """Delete copies of what the PyTorch file held before, all but the newest few of others, and what a crash left."""
    current = converted_folder(weights, options)
    others = [copy for copy in _copies_folder(options).iterdir() if copy != current]
    drafts = {copy for copy in others if copy.name.startswith(".") and time.time() - _made_at(copy) > 3600}
    others.sort(key=_made_at, reverse=True)
    beyond = [copy for copy in others if not copy.name.startswith(".")][MAX_COPIES - 1 :]
    for copy in {*_copies_of(weights, options), *drafts, *beyond} - {current}:
        shutil.rmtree(copy, ignore_errors=True)


def _made_at(path: Path) -> float:
    return path.stat().st_mtime


def _copies_folder(options: Settings) -> Path:
    return options.cache_folder / "enformer" / "converted"


def _copies_of(weights: Path, options: Settings) -> list[Path]:
    return list(_copies_folder(options).glob(f"{_place(weights)}-*"))


def _place(weights: Path) -> str:
    return hashlib.sha256(str(weights.resolve()).encode()).hexdigest()[:16]
