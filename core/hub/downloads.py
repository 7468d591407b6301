"""Models that a person may fetch from the model hub: how large, whether they are here, fetching, checking, removing.

Only a `HubModel` can be asked for, and of its repository only the files in `_WANTED` and one file of
weights are ever read: safetensors if there is one, else the PyTorch file (the loader reads it with weights_only).
No code is fetched. Files lie where huggingface_hub keeps them, so a model that transformers has downloaded before is
found, and the other way round.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from core.errors import ModelFilesError, ModelUnavailableError, OfflineError, SettingsError
from core.hub.cache import COMMIT, WEIGHTS, RepoCache, disk_errors
from core.hub.models import HubModel
from core.hub.transfer import HubFile, Transfer, is_intact, shown_endpoint
from core.settings import Settings

HubStatus = Literal["downloaded", "partial", "available"]

_WANTED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "special_tokens_map.json",
    "source.spm",
    "target.spm",
)
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REPO = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)?")


def size_sentence(size_bytes: int) -> str:
    """A size as the hub writes it (1 MB is a million bytes), for example "548 MB" or "1.5 GB"."""
    for unit, unit_bytes in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        number = size_bytes / unit_bytes
        if number >= 0.9995:
            return f"{number:.{1 if unit == 'GB' or number < 9.95 else 0}f} {unit}"
    return f"{size_bytes} bytes"


@dataclass(frozen=True)
class DownloadPlan:
    """What a download would bring, as the hub lists it.

    Attributes
    ----------
    repo, revision : repository and commit.
    files : the files that are needed, small ones first.
    total_bytes : all of them.
    missing_bytes : what was not on the disk when the plan was made, and so has to come over the network.
    """

    repo: str
    revision: str
    files: tuple[HubFile, ...]
    total_bytes: int
    missing_bytes: int

    def __post_init__(self) -> None:
        """Refuse anything that could lead outside the folder of downloads.

        Raises
        ------
        ModelFilesError
            A repository, commit, file name, size or object id is not of the expected form.
        """
        odd = [
            file.name
            for file in self.files
            if file.name not in (*_WANTED, *WEIGHTS) or file.size_bytes <= 0 or not _OID.fullmatch(file.oid)
        ]
        if odd or not COMMIT.fullmatch(self.revision) or not _REPO.fullmatch(self.repo):
            raise ModelFilesError(
                f"The hub's list of {self.repo} is not usable ({', '.join(odd) or 'its revision'}); nothing was "
                "downloaded, use a bundled model."
            )


def plan_download(
    model: HubModel,
    settings: Settings,
    *,
    check_cancelled: Callable[[], None] = lambda: None,
    timeout_seconds: float = 10.0,
) -> DownloadPlan:
    """Ask the hub what a download of the model would bring.

    Raises
    ------
    OfflineError
        The hub cannot be reached, or offline mode is on.
    SettingsError
        HF_ENDPOINT is no address.
    ModelFilesError
        The hub does not list the files that are needed, or lists what no repository holds.
    """
    endpoint = _endpoint(settings)
    with Transfer(endpoint, check_cancelled=check_cancelled, timeout_seconds=timeout_seconds, kept=False) as transfer:
        answer = transfer.json(f"{endpoint}/api/models/{model.repo}/revision/main?blobs=true")
    try:
        revision = str(answer["sha"])
        listed = {str(entry["rfilename"]): entry for entry in answer["siblings"]}
        _refuse_paths(listed, model)
        chosen = (_hub_file(listed[name]) for name in _choose(listed, model))
        files = tuple(sorted(chosen, key=lambda file: file.size_bytes))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFilesError(
            f"The hub at {shown_endpoint(endpoint)} does not list the files of {model.repo} with their sizes and "
            "checksums, so they cannot be checked; set HF_ENDPOINT to a hub that does, or use a bundled model."
        ) from error
    total_bytes = sum(file.size_bytes for file in files)
    plan = DownloadPlan(model.repo, revision, files, total_bytes, total_bytes)  # checks itself before the disk is asked
    return replace(plan, missing_bytes=RepoCache(model.repo, settings).missing_bytes(revision, files))


def download(
    plan: DownloadPlan,
    settings: Settings,
    *,
    on_progress: Callable[[int, int], None],
    check_cancelled: Callable[[], None],
    timeout_seconds: float = 15.0,
) -> Path:
    """Fetch what is missing of the plan, and return the folder of the complete snapshot.

    `on_progress` is given the bytes on disk and `plan.total_bytes`, at the start and at least once for every 256 kB
    that arrive; the bytes fall only when a partial file turns out to be useless.
    `check_cancelled` is called at least every 0.1 s; what it raises ends the download, and the partial file stays.

    Raises
    ------
    OfflineError
        The network failed, or offline mode is on; what has arrived is kept.
    ModelFilesError
        The hub sends something else than it lists.
    ModelUnavailableError
        The folder of downloads has too little space or cannot be written.
    """
    endpoint = _endpoint(settings)
    cache = RepoCache(plan.repo, settings)
    with disk_errors(settings):
        _refuse_full_disk(cache.missing_bytes(plan.revision, plan.files), settings)
        cache.prepare(plan.revision, plan.files)
    arrived = {file.name: cache.arrived_bytes(plan.revision, file) for file in plan.files}

    def note(name: str, here: int) -> None:
        arrived[name] = here
        on_progress(sum(arrived.values()), plan.total_bytes)

    with Transfer(endpoint, check_cancelled=check_cancelled, timeout_seconds=timeout_seconds) as transfer:
        for file in plan.files:
            note(file.name, arrived[file.name])
            with disk_errors(settings), cache.lock(file, check_cancelled):
                if not cache.has(plan.revision, file):
                    url = f"{endpoint}/{plan.repo}/resolve/{plan.revision}/{file.name}"
                    transfer.fetch(url, file, cache.blob(file), partial(note, file.name))
                cache.point(plan.revision, file)
            note(file.name, file.size_bytes)
    with disk_errors(settings):
        cache.point_main(plan.revision)
    return cache.snapshot(plan.revision)


def snapshot_folder(model: HubModel, settings: Settings) -> Path | None:
    """The folder of a complete snapshot of the model on this machine, whoever downloaded it, else None.

    The commit that "main" pointed to at the last download comes first, then other commits, newest first.
    """
    found = _complete(model, settings)
    return found and found[1]


def verify_snapshot(model: HubModel, settings: Settings) -> None:
    """Read the files that a load of the model would read, and compare them with the digests they were listed with.

    Files without a known digest (made by another tool, on a disk without links) are passed over. About 1 s a GB.

    Raises
    ------
    ModelFilesError
        A file is not what the hub sent; `remove_download` makes room for it to be fetched again.
    """
    if (found := _complete(model, settings)) is None:
        return
    cache, snapshot = found
    weights = [name for name in WEIGHTS if (snapshot / name).is_file()][:1]
    for file in cache.known_files(snapshot, (*_WANTED, *weights)):
        if not is_intact(snapshot / file.name, file):
            raise ModelFilesError(
                f"{file.name} of {model.title} is damaged on this machine; press Remove and download again."
            )


def remove_download(model: HubModel, settings: Settings) -> None:
    """Delete the snapshot that a load of the model would read, its blobs and our record of it.

    Files that Attendome does not use, and copies of the model at other commits or under older names, stay.

    Raises
    ------
    ModelUnavailableError
        The disk refuses.
    """
    if (found := _complete(model, settings)) is None:
        return
    cache, snapshot = found
    try:
        cache.remove(snapshot, (*WEIGHTS, *_WANTED))
    except OSError as error:
        raise ModelUnavailableError(
            f"{model.title} cannot be removed ({error.strerror or error}); delete the folder {cache.folder} by hand "
            "and reload this page."
        ) from error


def _complete(model: HubModel, settings: Settings) -> tuple[RepoCache, Path] | None:
    for repo in (model.repo, *model.aliases):
        cache = RepoCache(repo, settings)
        for snapshot in cache.snapshots():
            if cache.is_complete(snapshot, model.tokenizer_files):
                return cache, snapshot
    return None


def hub_status(model: HubModel, settings: Settings) -> HubStatus:
    """Whether the model is here, partly here, or only on the hub; asks the disk alone."""
    if snapshot_folder(model, settings):
        return "downloaded"
    return "partial" if RepoCache(model.repo, settings).has_part((*_WANTED, *WEIGHTS)) else "available"


def _endpoint(settings: Settings) -> str:
    """The hub's address, if it may be asked at all."""
    if settings.hub_offline:
        raise OfflineError(
            "Offline mode is on (HF_HUB_OFFLINE), so nothing is fetched from the model hub; use a bundled model, or "
            "unset HF_HUB_OFFLINE and start Attendome again."
        )
    if not re.match(r"https?://[^/]", settings.hub_endpoint):
        raise SettingsError(
            f"HF_ENDPOINT is {settings.hub_endpoint!r}; give an address that begins with https:// or http://, for "
            "example HF_ENDPOINT=https://huggingface.co."
        )
    return settings.hub_endpoint


def _refuse_paths(names: Iterable[str], model: HubModel) -> None:
    """A name that leads out of its folder is no file of ours, and no list to trust."""
    for name in names:
        if {"", ".", ".."} & set(name.replace("\\", "/").split("/")):
            raise ModelFilesError(
                f"The hub's list of {model.repo} holds a file name that leads out of its folder ({name[:60]!r}); "
                "nothing was downloaded, use a bundled model."
            )


def _choose(listed: Collection[str], model: HubModel) -> list[str]:
    """The files that are needed: settings, tokenizer and one file of weights, safetensors first."""
    weights = [name for name in WEIGHTS if name in listed][:1]
    if not weights or "config.json" not in listed or not any(set(listed) >= set(n) for n in model.tokenizer_files):
        raise ModelFilesError(
            f"The hub's {model.repo} lacks its weights, its config.json or its tokenizer; use a bundled model."
        )
    return [*(name for name in _WANTED if name in listed), *weights]


def _hub_file(entry: Mapping[str, Any]) -> HubFile:
    """One entry of the hub's list; large files are named by their sha256, small ones by their git object id."""
    large = entry.get("lfs")
    size_bytes, oid = (large["size"], large["sha256"]) if large else (entry["size"], entry["blobId"])
    return HubFile(entry["rfilename"], int(size_bytes), str(oid))


def _refuse_full_disk(missing_bytes: int, settings: Settings) -> None:
    folder = next(path for path in (settings.hub_folder, *settings.hub_folder.absolute().parents) if path.exists())
    free_bytes = shutil.disk_usage(folder).free
    if missing_bytes > free_bytes:
        raise ModelUnavailableError(
            f"The download needs {size_sentence(missing_bytes)}, but {settings.hub_folder} has "
            f"{size_sentence(free_bytes)} free; make room there, or set HF_HOME to a folder on a larger disk."
        )
