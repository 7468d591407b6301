"""`LanguageModel` and `load_model`: the only door through which weights come in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import hub
from core.cards import ModelCard, Provenance
from core.devices import check_memory, choose_device, is_memory_fault
from core.errors import DeviceMemoryError, ModelFilesError
from core.files import check_weights, read_json, weights_file
from core.language.library import import_transformers
from core.language.registry import find_source
from core.language.tokenization import TextTokenizer, ids_sequence, load_tokenizer
from core.language.values import TokenSequence
from core.settings import Settings, settings
from core.sources import ModelSource

if TYPE_CHECKING:
    import torch

# from_pretrained switches weight initialisation off for the whole process while it runs.
_LOADING = threading.Lock()


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A model in evaluation mode and its tokenizer. Shared by everyone: never change `module`.

    Attributes
    ----------
    card : what the model is and where it comes from.
    module : the transformers model, parameters frozen, eager attention.
    tokenizer : None when the folder has none; the model then takes token ids.
    kinds : kinds of attention it has, the default first.
    nbytes : bytes of its parameters.
    """

    card: ModelCard
    module: Any
    tokenizer: TextTokenizer | None
    kinds: tuple[str, ...]

    @property
    def device(self) -> torch.device:
        return next(self.module.parameters()).device

    @property
    def on_cpu(self) -> bool:
        return self.device.type == "cpu"

    @property
    def nbytes(self) -> int:
        return sum(p.numel() * p.element_size() for p in self.module.parameters())

    @property
    def vocabulary_size(self) -> int:
        return self.module.config.vocab_size

    @property
    def width(self) -> int:
        return self.module.config.hidden_size

    @property
    def start_id(self) -> int:
        """The token that a translation model's decoder reads first."""
        return self.module.config.decoder_start_token_id

    @property
    def provenance(self) -> Provenance:
        precision = str(next(self.module.parameters()).dtype).removeprefix("torch.")
        return Provenance(self.card.title, self.card.revision, self.card.weights, precision)

    def translate(self, source_ids: torch.Tensor) -> tuple[int, ...]:
        """Ids of the model's own greedy translation, without the start token."""
        import torch

        room = self.card.context - 1
        written = self.module.generate(
            source_ids,
            attention_mask=torch.ones_like(source_ids),
            num_beams=1,
            do_sample=False,
            max_length=None,
            max_new_tokens=min(room, 2 * source_ids.shape[1] + 10),
        )
        return tuple(written[0, 1:].tolist())

    def target_sequence(self, ids: tuple[int, ...]) -> TokenSequence:
        """Tokens and words of ids on a translation model's target side."""
        return ids_sequence(ids) if self.tokenizer is None else self.tokenizer.sequence(ids)


@dataclass(frozen=True)
class Outline:
    """The sizes of a model, read from its config without loading it."""

    layers: int
    heads: int
    kinds: tuple[str, ...]


def outline(source: ModelSource) -> Outline:
    """Sizes of a model in milliseconds, so that a page can show its inputs while the model is loaded.

    Raises
    ------
    ModelUnavailableError
        There is no config, or Attendome refuses the model that it describes.
    """
    from core.language.architectures import architecture_of

    config = read_json(source.folder() / "config.json", source.title)
    architecture, _ = architecture_of(config, source.title)
    sizes = config.get(architecture.layers), config.get(architecture.heads)
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        raise ModelFilesError(
            f"config.json of {source.title} does not say how many layers and heads it has; {source.remedy}"
        )
    return Outline(*sizes, architecture.kinds)


def load_model(
    name_or_path: str | Path, *, options: Settings | None = None, on_wait: Callable[[], None] = lambda: None
) -> LanguageModel:
    """Load a bundled model, a downloaded hub model, a folder named in the settings, or any folder.

    Parameters
    ----------
    name_or_path : "minilm", "storybook-gpt", a name of `core.language.registry.sources`, or the
        path of a folder in transformers' format. A page passes only names from the registry.
    on_wait : called ten times a second while another model is being loaded; may raise to give up.

    Raises
    ------
    SettingsError
        ATTENDOME_DEVICE names a device that is not there.
    UnknownModelError
        Neither a known name nor a folder.
    ModelNotDownloadedError
        A hub model that is not on this machine yet.
    ModelFilesError
        Files are missing, truncated, corrupted, or of a kind that Attendome refuses.
    DeviceMemoryError
        The weights do not fit.
    """
    options = options or settings()
    source = find_source(name_or_path, options)
    while not _LOADING.acquire(timeout=0.1):
        on_wait()
    try:
        return _load(source, options)
    finally:
        _LOADING.release()


def _load(source: ModelSource, options: Settings) -> LanguageModel:
    import torch

    from core.language.architectures import architecture_of

    transformers = import_transformers()
    device = choose_device(options.device)
    folder = source.folder()
    if source.place == "downloaded":
        hub.verify_snapshot(source.wanted, options)
    config = read_json(folder / "config.json", source.title)
    architecture, class_name = architecture_of(config, source.title)
    weights = weights_file(folder, source.title)
    revision = check_weights(weights, source.sha256, source.title, hash_all=source.weights != "official")
    check_memory(int(1.3 * weights.stat().st_size), source.title)
    try:
        module, report = getattr(transformers, class_name).from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=weights.suffix == ".safetensors",
            weights_only=True,
            attn_implementation="eager",
            dtype=torch.float32,
            output_loading_info=True,
        )
        module = module.to(device).eval().requires_grad_(False)
    except Exception as error:  # transformers and safetensors raise many kinds for broken files
        if is_memory_fault(error):
            raise DeviceMemoryError(
                f"{source.title} does not fit in the memory of this machine ({device}); choose a smaller model."
            ) from error
        raise ModelFilesError(
            f"The files of {source.title} cannot be loaded ({type(error).__name__}); {source.remedy}"
        ) from error
    untied = class_name in config.get("architectures", ()) and config.get("tie_word_embeddings") is False
    ignorable = tuple(name for name in architecture.ignorable if not (untied and name == "lm_head.weight"))
    absent = [key for key in report["missing_keys"] if not key.startswith(ignorable)]
    if absent:
        raise ModelFilesError(
            f"The weights of {source.title} lack {len(absent)} parameters, {absent[0]} among them; {source.remedy}"
        )
    sizes = module.config
    card = ModelCard(
        name=source.name,
        title=source.title,
        architecture=architecture.name,
        layers=getattr(sizes, architecture.layers),
        heads=getattr(sizes, architecture.heads),
        context=getattr(sizes, architecture.context),
        weights=source.weights,
        revision=source.revision or revision,
        parameters=sum(p.numel() for p in module.parameters()),
        summary=source.summary,
        source=source.origin,
        licence=source.licence,
        facts=source.facts,
        limits=source.limits,
    )
    return LanguageModel(card, module, load_tokenizer(folder, architecture.name), architecture.kinds)
