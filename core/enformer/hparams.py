"""The sizes of an Enformer, checked before anything of that size is made."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import ModelFilesError
from core.language.library import import_transformers

if TYPE_CHECKING:
    from enformer_pytorch import Enformer

MAX_PARAMETERS = 1_000_000_000  # four times the published model
MAX_INPUT_BP = 1_048_576
OFFICIAL_BINS, OFFICIAL_FEATURES, OFFICIAL_HUMAN_TRACKS = 1536, 192, 5313
OURS = "attendome"  # key of config.json that marks what `save_weights` wrote
_REMEDY = "fetch the model again, or choose another."
_HEAD = re.compile(r"[a-z][a-z0-9_]{0,31}")
_WHOLE = {  # name: (smallest, largest)
    "dim": (12, 3072),
    "depth": (1, 24),
    "heads": (1, 32),
    "attn_dim_key": (1, 256),
    "num_downsamples": (3, 10),  # enformer_pytorch 0.8 cannot build a tower for fewer
    "dim_divisible_by": (1, 1536),
}
_RATES = ("dropout_rate", "attn_dropout", "pos_dropout")


def library() -> Any:
    """The enformer_pytorch library, imported without the half of transformers that it does not use (saves 3 s)."""
    import_transformers()
    return importlib.import_module("enformer_pytorch")


@dataclass(frozen=True)
class Hyperparameters:
    """What `Enformer.from_hparams` takes, and the input length.

    Attributes
    ----------
    output_heads : (name, tracks) of each head.
    target_length : bins that the model's own crop leaves, or -1 for all.
    input_bp : length of the window that the model was made for.

    The defaults are those of the published Enformer. Source: Avsec et al. 2021, and EnformerConfig of enformer_pytorch.
    """

    dim: int = 1536
    depth: int = 11
    heads: int = 8
    output_heads: tuple[tuple[str, int], ...] = (("human", OFFICIAL_HUMAN_TRACKS), ("mouse", 1643))
    target_length: int = 896
    attn_dim_key: int = 64
    num_downsamples: int = 7
    dim_divisible_by: int = 128
    use_tf_gamma: bool = False
    dropout_rate: float = 0.4
    attn_dropout: float = 0.05
    pos_dropout: float = 0.01
    input_bp: int = 196_608

    @property
    def bin_size_bp(self) -> int:
        return 2**self.num_downsamples

    @property
    def bins(self) -> int:
        """Bins of the whole input."""
        return self.input_bp // self.bin_size_bp

    @property
    def target_bins(self) -> int:
        """Bins that come out."""
        return self.bins if self.target_length == -1 else self.target_length

    @property
    def features(self) -> int:
        """Relative position features of a layer."""
        return self.dim // self.heads

    @property
    def fits_tf_gamma(self) -> bool:
        """Whether TensorFlow's precomputed gamma features have this model's shape."""
        return (self.bins, self.features) == (OFFICIAL_BINS, OFFICIAL_FEATURES)

    @property
    def is_official_geometry(self) -> bool:
        """Whether this can only be the published Enformer or a copy of it."""
        return (
            self.fits_tf_gamma
            and (self.dim, self.depth, self.num_downsamples) == (1536, 11, 7)
            and dict(self.output_heads).get("human") == OFFICIAL_HUMAN_TRACKS
        )

    @property
    def about_bytes(self) -> int:
        """Memory of the parameters in float32, read off the module's outline."""
        return 4 * sum(parameter.numel() for parameter in self.build().parameters())

    def to_config(self) -> dict[str, Any]:
        """For config.json: what `hyperparameters` reads, and enformer_pytorch too."""
        return asdict(self) | {"output_heads": dict(self.output_heads), "model_type": "enformer", OURS: 1}

    def build(self) -> Enformer:
        """The module without numbers, on torch's "meta" device: takes no memory, whatever its size.

        Raises
        ------
        ModelFilesError
            It would have too many parameters, or enformer_pytorch cannot build it.
        """
        import torch

        given = asdict(replace(self, output_heads=())) | {"output_heads": dict(self.output_heads)}
        del given["input_bp"]
        try:
            with torch.device("meta"):
                module = library().Enformer.from_hparams(**given)
        except (KeyError, ValueError, ZeroDivisionError) as error:
            raise ModelFilesError(
                f"enformer_pytorch cannot build what config.json says ({error}); {_REMEDY}"
            ) from error
        count = sum(parameter.numel() for parameter in module.parameters())
        if count > MAX_PARAMETERS:
            raise ModelFilesError(
                f"config.json describes an Enformer of {count:,} parameters; {MAX_PARAMETERS:,} are allowed; {_REMEDY}"
            )
        return module


def hyperparameters(config: Mapping[str, Any], title: str) -> Hyperparameters:
    """Read and check config.json; what it does not say has the published model's value.

    Raises
    ------
    ModelFilesError
        A value is of the wrong kind or size, or the file is of another kind of model.
    """
    default = Hyperparameters()

    def refuse(name: str, allowed: str) -> ModelFilesError:
        return ModelFilesError(
            f"config.json of {title} has {name} = {str(config.get(name))[:60]!r}; it has to be {allowed}; {_REMEDY}"
        )

    if config.get("model_type", "enformer") != "enformer":
        raise refuse("model_type", '"enformer"')
    if config.get("use_convnext"):
        raise refuse("use_convnext", "false: that kind of tower is not in enformer_pytorch any more")
    found: dict[str, Any] = {}
    for name, (low, high) in _WHOLE.items():
        found[name] = config.get(name, getattr(default, name))
        if not _is_whole(found[name], low, high):
            raise refuse(name, f"a whole number from {low} to {high}")
    for name in _RATES:
        found[name] = config.get(name, getattr(default, name))
        if isinstance(found[name], bool) or not isinstance(found[name], int | float) or not 0 <= found[name] < 1:
            raise refuse(name, "a number from 0 to below 1")
    found["use_tf_gamma"] = config.get("use_tf_gamma", False)
    if not isinstance(found["use_tf_gamma"], bool):
        raise refuse("use_tf_gamma", "true or false")
    heads = config.get("output_heads", dict(default.output_heads))
    if not isinstance(heads, Mapping) or not 1 <= len(heads) <= 8 or not all(map(_is_head, heads.items())):
        raise refuse("output_heads", 'one to eight names with 1 to 20,000 tracks, for example {"human": 5313}')
    found["output_heads"] = tuple(heads.items())
    width, bin_size = found["dim"], 2 ** found["num_downsamples"]
    if width % (6 * found["heads"]):
        raise refuse("dim", f"a multiple of 6 x heads = {6 * found['heads']}, for the position features")
    if width % 2 or width % found["dim_divisible_by"] or found["dim_divisible_by"] > width // 2:
        raise refuse("dim_divisible_by", f"a divisor of dim = {width} that is at most half of it, and dim even")
    target = config.get("target_length", default.target_length)
    found["target_length"] = target
    if target != -1 and not _is_whole(target, 1, MAX_INPUT_BP // bin_size):
        raise refuse("target_length", f"-1 or a number of bins up to {MAX_INPUT_BP // bin_size}")
    usual = max(min(OFFICIAL_BINS, MAX_INPUT_BP // bin_size), target) * bin_size
    found["input_bp"] = config.get("input_bp", usual)
    if not _is_whole(found["input_bp"], max(target, 1) * bin_size, MAX_INPUT_BP) or found["input_bp"] % bin_size:
        raise refuse("input_bp", f"a multiple of {bin_size} that holds target_length, up to {MAX_INPUT_BP:,}")
    sizes = Hyperparameters(**found)
    if sizes.use_tf_gamma and not sizes.fits_tf_gamma:
        raise refuse("use_tf_gamma", f"false unless there are {OFFICIAL_BINS} bins and {OFFICIAL_FEATURES} features")
    return sizes


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_head(item: tuple[object, object]) -> bool:
    name, tracks = item
    return isinstance(name, str) and bool(_HEAD.fullmatch(name)) and _is_whole(tracks, 1, 20_000)


def hyperparameters_of(module: Enformer, input_bp: int) -> Hyperparameters:
    """The sizes of a module that was built with `Enformer.from_hparams`.

    Raises
    ------
    ModelFilesError
        Attendome could not load what would be saved.
    """
    gammas = {attention.use_tf_gamma for attention in attentions(module)}
    if len(gammas) != 1:
        raise ModelFilesError("Some attention layers have TensorFlow's gamma positions and some not; set all alike.")
    config = module.config.to_dict() | {
        "output_heads": {name: head[0].out_features for name, head in module.heads.items()},
        "use_tf_gamma": gammas.pop(),
        "input_bp": input_bp,
    }
    return hyperparameters(config, "this module")


def attentions(module: Enformer) -> list[Any]:
    """Every attention layer, from the input on."""
    attention = library().modeling_enformer.Attention
    return [part for part in module.modules() if isinstance(part, attention)]


def set_tf_gamma(module: Enformer, on: bool) -> None:
    """Let every layer use TensorFlow's gamma positions, or none.

    The published weights were trained with them: the largest output of a test window is 555.6 with them (TensorFlow:
    555.5) and 474.7 without. Source: `from_pretrained` of enformer_pytorch, which sets them for one exact name only.
    """
    module.use_tf_gamma = on
    module.config.use_tf_gamma = on
    for attention in attentions(module):
        attention.use_tf_gamma = on
