"""Every Enformer that a name can mean, and where its files are.

A browser may name only what `dna_model_sources` lists. `find_dna_source` also takes "random" and the path of a folder,
for notebooks, tests and benchmarks.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from core.enformer.official import official_source
from core.errors import ModelUnavailableError, UnknownModelError
from core.files import weights_file
from core.settings import ASSETS, Settings
from core.sources import ModelSource, folder_source

DnaModelSource = ModelSource
PLAYGROUND_FOLDER = ASSETS / "models" / "playground"
VARIABLE = "ATTENDOME_DNA_MODELS"
_RANDOM = "Random numbers: what it shows means nothing."


def playground() -> DnaModelSource:
    """The small model that this project trains on a simulated genome."""

    def folder() -> Path:
        if not PLAYGROUND_FOLDER.is_dir():
            raise ModelUnavailableError(
                "The playground model is not built yet; give 'untrained' to try the page without it, or 'official'."
            )
        return PLAYGROUND_FOLDER

    return ModelSource(
        name="playground",
        title="Playground Enformer",
        place="bundled",
        weights="teaching",
        folder=folder,
        summary="A small Enformer that was trained on a simulated genome, whose rules are known.",
        origin="trained by Attendome, core/teaching/playground",
        licence="MIT (weights, code and data)",
        remedy="fetch this repository again.",
    )


def untrained() -> DnaModelSource:
    """A tiny model with numbers from a seed, to try a page before a trained model is there."""
    return _seeded("untrained", "Untrained Enformer, for wiring only", "A tiny Enformer that has learnt nothing.")


def random() -> DnaModelSource:
    """The published model's architecture with numbers from a seed; 1 GB of memory."""
    return _seeded(
        "random",
        "Random Enformer, for tests and benchmarks only",
        "Enformer's own size, 251 million numbers from a seed.",
    )


def _seeded(name: str, title: str, summary: str) -> DnaModelSource:
    def folder() -> Path:
        raise ModelUnavailableError(f"{title} has no files: it is made when it is loaded.")

    return ModelSource(
        name=name,
        title=title,
        place="bundled",
        weights="random",
        folder=folder,
        summary=f"{summary} {_RANDOM}",
        origin="made from a seed",
        licence="MIT",
        remedy="load it again.",
        limits=_RANDOM,
        seeded=True,
    )


def _folder_source(name: str, folder: Path) -> DnaModelSource:
    return folder_source(name, folder, variable=VARIABLE)


def dna_model_sources(options: Settings) -> tuple[DnaModelSource, ...]:
    """Everything a browser may name: the playground, local folders, the published model.

    The untrained model is there only while no other one can be loaded.
    """
    found = (
        *((playground(),) if PLAYGROUND_FOLDER.is_dir() else ()),
        *(_folder_source(name, folder) for name, folder in options.dna_model_folders),
        official_source(options),
    )
    return found if any(source.ready for source in found) else (untrained(), *found)


def named_dna_source(name: str, options: Settings) -> DnaModelSource:
    """The source that a browser named.

    Raises
    ------
    UnknownModelError
        The name is not on the list.
    """
    listed = dna_model_sources(options)
    for source in listed:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in listed)
    raise UnknownModelError(f"There is no DNA model called {name[:60]!r} here; choose one of: {known}.")


def find_dna_source(name_or_path: str | Path, options: Settings) -> DnaModelSource:
    """Like `named_dna_source`; takes the unlisted names and a path of an existing folder too.

    Raises
    ------
    UnknownModelError
        Neither a known name nor a folder.
    """
    if not isinstance(name_or_path, str | Path):
        raise UnknownModelError(f"{name_or_path!r} is no name of a model; give one such as 'official', or a folder.")
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or len(path.parts) > 1:
        if path.is_dir():
            return _folder_source(path.name, path)
        if isinstance(name_or_path, Path):
            raise UnknownModelError(f"There is no folder {name_or_path}; give the folder that holds config.json.")
    for source in (playground(), untrained(), random()):
        if source.name == name_or_path:
            return source
    return named_dna_source(str(name_or_path), options)


def source_version(source: DnaModelSource) -> tuple[Hashable, ...]:
    """What changes when a load would give another model: part of a cache's key.

    Raises
    ------
    ModelUnavailableError
        Its files are not there.
    """
    if source.seeded:
        return (source.name,)
    files = weights_file(source.folder(), source.title).stat()
    return (source.name, source.revision, files.st_mtime_ns, files.st_size)


def source_bytes(source: DnaModelSource) -> int:
    """About what a load needs in memory, before anything is read.

    Raises
    ------
    ModelUnavailableError
        Its files are not there.
    """
    if source.seeded:
        from core.enformer.random_weights import SEEDED

        return int(1.3 * SEEDED[source.name].about_bytes)
    return int(1.3 * weights_file(source.folder(), source.title).stat().st_size)
