"""`DnaModel` and `load_model`: the only door through which an Enformer's weights come in."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core import hub
from core.cards import ModelCard, Provenance
from core.devices import check_memory, choose_device, is_memory_fault
from core.enformer.hparams import OURS, Hyperparameters, hyperparameters, set_tf_gamma
from core.enformer.official import OFFICIAL, check_copy, converted_folder, drop_old_copies, wants_tf_gamma
from core.enformer.random_weights import SEEDED, random_module, untrained_tracks
from core.enformer.registry import DnaModelSource, find_dna_source
from core.enformer.state import fill, read_state
from core.enformer.track_file import known_tracks
from core.enformer.tracks import ASSEMBLIES, TrackTable
from core.enformer.weights import CARD, FolderCard, read_card, read_tracks, save_weights
from core.errors import DeviceMemoryError, ModelFilesError, ModelUnavailableError
from core.files import read_json, weights_file
from core.settings import Settings, settings

if TYPE_CHECKING:
    import torch
    from enformer_pytorch import Enformer

_LOADING = threading.Lock()  # two models of 1 GB are not read at once


@dataclass(frozen=True, eq=False)
class DnaModel:
    """An Enformer in evaluation mode. Shared by everyone: never change `module`.

    Attributes
    ----------
    module : `enformer_pytorch.Enformer`, float32, parameters frozen.
    card : what the model is and where it comes from.
    tables : the tracks of each head, one for each output.
    digest : sha256 (hexadecimal) of names, shapes and numbers of its tensors, however they are stored.
    assembly : genome that it was trained on, or None where that is not known.
    input_bp : length of the window that it was made for.
    target_bins : bins that the model's own crop leaves of such a window.
    """

    module: Enformer
    card: ModelCard
    tables: Mapping[str, TrackTable]
    digest: str
    assembly: str | None
    input_bp: int
    target_bins: int

    @property
    def bin_size_bp(self) -> int:
        return 2**self.module.config.num_downsamples

    @property
    def layers(self) -> int:
        return self.card.layers

    @property
    def heads(self) -> int:
        """Attention heads of a layer."""
        return self.card.heads

    @property
    def device(self) -> torch.device:
        return next(self.module.parameters()).device

    @property
    def nbytes(self) -> int:
        return sum(p.numel() * p.element_size() for p in self.module.parameters())

    @property
    def provenance(self) -> Provenance:
        precision = str(next(self.module.parameters()).dtype).removeprefix("torch.")
        return Provenance(self.card.title, self.card.revision, self.card.weights, precision, self.assembly)


def load_model(
    name_or_path: str | Path, *, options: Settings | None = None, on_wait: Callable[[], None] = lambda: None
) -> DnaModel:
    """Load an Enformer; nothing is ever downloaded here.

    Parameters
    ----------
    name_or_path : "official" (once it was downloaded), "playground", "untrained" (tiny, random numbers), "random" (the
        published size, random numbers, for tests and benchmarks), a name in ATTENDOME_DNA_MODELS, or the path of a
        folder with config.json and model.safetensors or pytorch_model.bin. A page passes only names of
        `core.enformer.registry.dna_model_sources`.
    on_wait : called ten times a second while another model is being loaded; may raise to give up.

    Raises
    ------
    SettingsError
        ATTENDOME_DEVICE names a device that is not there.
    UnknownModelError
        Neither a known name nor a folder.
    ModelNotDownloadedError
        The published model is not on this machine yet.
    ModelFilesError
        Files are missing, damaged, or of a kind that Attendome refuses.
    DeviceMemoryError
        The weights do not fit.
    """
    options = options or settings()
    source = find_dna_source(name_or_path, options)
    while not _LOADING.acquire(timeout=0.1):
        on_wait()
    try:
        device = choose_device(options.device)
        try:
            model = _made(source, options) if source.seeded else _read(source, options)
            model.module.to(device)
        except (RuntimeError, MemoryError) as error:
            if not is_memory_fault(error):
                raise
            raise DeviceMemoryError(
                f"{source.title} does not fit in the memory of this machine ({device}); choose a smaller model."
            ) from error
        return model
    finally:
        _LOADING.release()


def _made(source: DnaModelSource, options: Settings) -> DnaModel:
    sizes = SEEDED[source.name]
    check_memory(int(1.3 * sizes.about_bytes), source.title)
    named = {"human": untrained_tracks()} if source.name == "untrained" else {}
    return _model(source, random_module(sizes), sizes, FolderCard(), named, options)


def _read(source: DnaModelSource, options: Settings) -> DnaModel:
    folder = source.folder()
    weights = weights_file(folder, source.title)
    is_pickle = weights.suffix != ".safetensors"
    if is_pickle and (made := _read_converted(source, weights, options)):
        return made
    if source.place == "downloaded":
        hub.verify_snapshot(source.wanted, options)
    elif is_pickle:
        check_copy(weights, source.title)
    return _read_folder(source, folder, weights, options)


def _read_converted(source: DnaModelSource, weights: Path, options: Settings) -> DnaModel | None:
    """The model from the copy that was made of a PyTorch file; a damaged copy is deleted."""
    read_json(weights.parent / "config.json", source.title)
    copy = converted_folder(weights, options)
    if not (copy / CARD).is_file():
        return None
    try:
        return _read_folder(source, copy, weights_file(copy, source.title), options)
    except ModelFilesError:
        shutil.rmtree(copy, ignore_errors=True)
        return None


def _read_folder(source: DnaModelSource, folder: Path, weights: Path, options: Settings) -> DnaModel:
    config = read_json(folder / "config.json", source.title)
    ours = OURS in config
    card = read_card(folder, source.title, needed=ours)
    _check_grammar(source, card)
    sizes = hyperparameters(config, source.title)
    official = source.hub_model == OFFICIAL and not ours
    sizes = replace(sizes, use_tf_gamma=wants_tf_gamma(sizes, official=official, ours=ours))
    module = sizes.build()
    check_memory(int((1.3 if ours else 2.3) * sizes.about_bytes), source.title)
    state, left_out = read_state(weights, module, source.title, strict=ours)
    fill(module, state)
    set_tf_gamma(module, sizes.use_tf_gamma)
    if left_out:
        note = ("Tensors of the file that are no part of Enformer, left out", _few(left_out))
        card = replace(card, facts=(*card.facts, note))
    if weights.suffix != ".safetensors":
        _keep_converted(module, sizes, card, weights, options)
    named = read_tracks(folder, dict(sizes.output_heads), source.title, card)
    model = _model(source, module, sizes, card, named, options)
    if (said := card.more.get("weights_digest", model.digest)) != model.digest:
        raise ModelFilesError(
            f"card.json of {source.title} is the card of other weights (digest {str(said)[:12]}… instead of "
            f"{model.digest[:12]}…); {source.remedy}"
        )
    return model


def _few(names: list[str]) -> str:
    return f"{len(names)}, {min(names)[:60]} among them"


def _check_grammar(source: DnaModelSource, card: FolderCard) -> None:
    """Refuse a model of the playground that learnt another version of its grammar than this program simulates."""
    playground = source.name == "playground" and source.place == "bundled"
    if not playground and "grammar_version" not in card.more:
        return
    from core.teaching.playground.grammar import GRAMMAR_VERSION

    said = str(card.more.get("grammar_version", "unknown"))[:20]
    if said != GRAMMAR_VERSION:
        raise ModelFilesError(
            f"{source.title} was trained on version {said} of the playground's grammar and this program has version "
            f"{GRAMMAR_VERSION}; {source.remedy}"
        )


def _keep_converted(
    module: Enformer, sizes: Hyperparameters, card: FolderCard, weights: Path, options: Settings
) -> None:
    """Keep our own copy of what a PyTorch file holds; where the disk refuses, the file is read again next time."""
    with suppress(ModelUnavailableError, OSError):
        copy = converted_folder(weights, options)
        save_weights(module, copy, input_bp=sizes.input_bp, title="", facts=card.facts)
        drop_old_copies(weights, options)


def _model(
    source: DnaModelSource,
    module: Enformer,
    sizes: Hyperparameters,
    said: FolderCard,
    named: Mapping[str, TrackTable],
    options: Settings,
) -> DnaModel:
    from core.enformer.parts import weights_digest

    digest = weights_digest(module)
    own = source.weights == "teaching"
    card = ModelCard(
        name=source.name,
        title=(own and said.title) or source.title,
        architecture="enformer",
        layers=sizes.depth,
        heads=sizes.heads,
        context=sizes.input_bp,
        weights=source.weights,
        revision=digest[:12],
        parameters=sum(p.numel() for p in module.parameters()),
        summary=said.summary or source.summary,
        source=said.source or source.origin,
        licence=said.licence or source.licence,
        facts=(*source.facts, *said.facts),
        limits=said.limits or source.limits,
    )
    tables = {head: named.get(head) or known_tracks(head, count, options) for head, count in sizes.output_heads}
    published = sizes.is_official_geometry and source.weights in ("official", "local")
    assembly = said.assembly or (ASSEMBLIES["human"] if published else None)
    return DnaModel(module, card, tables, digest, assembly, sizes.input_bp, sizes.target_bins)
