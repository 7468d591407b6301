"""A model before it is loaded: what it is, where its files are, whether they are here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core import hub
from core.cards import WeightsKind
from core.errors import ModelFilesError, ModelNotDownloadedError, UnknownModelError
from core.settings import Settings

Place = Literal["bundled", "folder", "downloaded", "partial", "available"]


@dataclass(frozen=True)
class ModelSource:
    """One model before it is loaded.

    Attributes
    ----------
    place : bundled with Attendome, a folder of the person who runs it, or a hub model that is
        downloaded, partly downloaded or available.
    folder : gives the folder with its files; raises `ModelUnavailableError` when it cannot.
    download_bytes : approximate size of a hub model's files.
    remedy : what to do when its files are broken.
    hub_model : what is fetched for it, if it comes from the hub.
    remove : deletes what was fetched, so that it can be fetched anew.
    seeded : its numbers are made from a seed when it is loaded; it has no files.
    """

    name: str
    title: str
    place: Place
    weights: WeightsKind
    folder: Callable[[], Path]
    summary: str
    origin: str
    licence: str
    remedy: str
    sha256: str | None = None
    revision: str = ""
    facts: tuple[tuple[str, str], ...] = field(default=())
    limits: str = ""
    download_bytes: int = 0
    hub_model: hub.HubModel | None = None
    remove: Callable[[], None] = lambda: None
    seeded: bool = False

    @property
    def ready(self) -> bool:
        """True when it can be loaded without a network."""
        return self.place in {"bundled", "folder", "downloaded"}

    @property
    def wanted(self) -> hub.HubModel:
        """What to fetch from the hub.

        Raises
        ------
        UnknownModelError
            It does not come from there.
        """
        if self.hub_model is None:
            raise UnknownModelError(f"{self.name[:60]!r} is not a model that can be fetched from the hub.")
        return self.hub_model


def card_figures(folder: Path) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """(digest of the weights, facts, limits) of a model that this project trained, from its card file."""
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        facts = tuple((str(what), str(value)) for what, value in card["facts"])
        return card["sha256"]["model.safetensors"], facts, card["limits"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "missing", (), ""  # the digest then refuses the weights with a sentence


def hub_source(model: hub.HubModel, options: Settings, *, instead: str) -> ModelSource:
    """A model of the hub, here or not; `instead` ends the sentence "… is not on this machine yet; …"."""

    def folder() -> Path:
        if found := hub.snapshot_folder(model, options):
            return found
        raise ModelNotDownloadedError(f"{model.title} is not on this machine yet; {instead}")

    found = hub.snapshot_folder(model, options)
    return ModelSource(
        name=model.name,
        title=model.title,
        place=hub.hub_status(model, options),
        weights="official",
        folder=folder,
        summary=model.summary,
        origin=model.repo,
        licence=model.licence,
        revision=found.name[:12] if found else "",
        remedy="download it again.",
        download_bytes=model.approximate_bytes,
        hub_model=model,
        remove=lambda: hub.remove_download(model, options),
    )


def folder_source(name: str, folder: Path, *, variable: str) -> ModelSource:
    """A folder of the person who runs the app; `variable` is where its name was given."""

    def checked() -> Path:
        if not folder.is_dir():
            raise ModelFilesError(f"The folder of the model {name} does not exist; correct {variable}.")
        return folder

    return ModelSource(
        name=name,
        title=name,
        place="folder",
        weights="local",
        folder=checked,
        summary="A model of the person who runs this app.",
        origin="a local folder",
        licence="not known to Attendome",
        remedy="check the files in its folder.",
    )
