"""The numbers of an Enformer: read strictly, written whole.

enformer_pytorch keeps most tensors under two names (`stem.0.weight` is also `_trunk.1.0.weight`), and `save_pretrained`
refuses to write such a model as safetensors. Our files hold each tensor once, without the `_trunk.` names.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.devices import is_memory_fault
from core.errors import ModelFilesError
from core.files import check_safetensors_size

if TYPE_CHECKING:
    import torch
    from enformer_pytorch import Enformer

_REMEDY = "fetch or install the model again, or choose another."
_TRUNK = {"1": "stem", "2": "conv_tower", "4": "transformer", "6": "final_pointwise"}
_SHARED = re.compile(r"_trunk\.(\d+)\.(.+)")
_COUNTER = ".num_batches_tracked"  # plays no part in evaluation, and older files lack it
_HEADER = ("F64", "F32", "F16", "BF16", "I64")


def own_name(name: str) -> str:
    """The name without `_trunk.`, for example "stem.0.weight" of "_trunk.1.0.weight"."""
    shared = _SHARED.fullmatch(name)
    return f"{_TRUNK[shared[1]]}.{shared[2]}" if shared and shared[1] in _TRUNK else name


def state_of(module: Enformer) -> dict[str, torch.Tensor]:
    """Every tensor of the module once, by its own name; on a "meta" module only shapes."""
    return {name: tensor for name, tensor in module.state_dict().items() if not name.startswith("_trunk.")}


def fill(module: Enformer, state: Mapping[str, torch.Tensor]) -> Enformer:
    """Give a module of `Hyperparameters.build` its numbers; frozen and in evaluation mode from then on."""
    import torch

    wanted = state_of(module)
    zeros = {name: torch.zeros((), dtype=torch.int64) for name in wanted if name.endswith(_COUNTER)}
    module.load_state_dict(zeros | dict(state), strict=False, assign=True)
    if left := [name for name, tensor in module.state_dict().items() if tensor.is_meta]:
        raise ValueError(f"no numbers for {left[:3]}")
    return module.eval().requires_grad_(False)


def read_state(path: Path, module: Enformer, title: str, *, strict: bool) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Numbers for a module without any, from a safetensors file, or a PyTorch file read with weights_only.

    Parameters
    ----------
    module : from `Hyperparameters.build`.
    strict : False leaves out tensors that the module does not have, as `from_pretrained` does.

    Returns
    -------
    dict, list of str
        float32 tensors in memory of their own, by own names, and the names that were left out.

    Raises
    ------
    ModelFilesError
        The file is damaged or of a refused kind, lacks tensors, holds others, or numbers that are none.
    """
    from safetensors import SafetensorError

    wanted = state_of(module)
    try:
        if path.suffix == ".safetensors":
            check_safetensors_size(path, title)
            return _from_safetensors(path, wanted, title, strict)
        return _pick(_read_pickle(path, title), wanted, path, title, strict)
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        if is_memory_fault(error):
            raise
        raise ModelFilesError(f"{path.name} of {title} cannot be read ({type(error).__name__}); {_REMEDY}") from error


def _from_safetensors(
    path: Path, wanted: Mapping[str, torch.Tensor], title: str, strict: bool
) -> tuple[dict[str, torch.Tensor], list[str]]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 (it is no dict)
            found = file.get_slice(name)
            if found.get_dtype() not in _HEADER:
                raise ModelFilesError(f"{name} in {path.name} of {title} is no float: {found.get_dtype()}; {_REMEDY}")
            _check_shape(name, tuple(found.get_shape()), wanted, path, title)  # before anything is read
        return _pick(_Lazy(file), wanted, path, title, strict)


class _Lazy(Mapping):
    """The tensors of an open file, read when asked for."""

    def __init__(self, file: Any) -> None:
        self._file, self._names = file, list(file.keys())

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._file.get_tensor(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _read_pickle(path: Path, title: str) -> Mapping[str, torch.Tensor]:
    """Tensors of a PyTorch file: nothing but tensors is ever made from it, and large ones stay on the disk."""
    import torch

    zipped = zipfile.is_zipfile(path)
    try:
        if zipped:
            with zipfile.ZipFile(path) as archive:
                if (broken := archive.testzip()) is not None:
                    raise ModelFilesError(f"{path.name} of {title} is damaged (in {broken}); {_REMEDY}")
        found = torch.load(path, weights_only=True, mmap=zipped, map_location="cpu")
    except ModelFilesError:
        raise
    except Exception as error:  # torch raises many kinds for files that are none
        raise ModelFilesError(
            f"{path.name} of {title} is damaged or holds more than tensors ({type(error).__name__}); {_REMEDY}"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ModelFilesError(f"{path.name} of {title} holds no named tensors; {_REMEDY}")
    return found


def _check_shape(name: str, shape: tuple[int, ...], wanted: Mapping[str, Any], path: Path, title: str) -> None:
    own = own_name(name)
    if own in wanted and shape != tuple(wanted[own].shape):
        raise ModelFilesError(
            f"{name} in {path.name} of {title} has the shape {shape}, and config.json asks for "
            f"{tuple(wanted[own].shape)}; {_REMEDY}"
        )


def _pick(
    found: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor], path: Path, title: str, strict: bool
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The wanted tensors, checked, each in memory of its own."""
    import torch

    state: dict[str, torch.Tensor] = {}
    extra = [name for name in found if own_name(name) not in wanted]
    if missing := [name for name in wanted.keys() - set(map(own_name, found)) if not name.endswith(_COUNTER)]:
        raise ModelFilesError(
            f"{path.name} of {title} lacks {len(missing)} of its tensors, {min(missing)} among them; {_REMEDY}"
        )
    if strict and extra:
        raise ModelFilesError(
            f"{path.name} of {title} holds what its config.json knows nothing of "
            f"({len(extra)} of its tensors, {min(extra)[:80]!r} among them); {_REMEDY}"
        )
    for name in found:
        own = own_name(name)
        if own not in wanted:
            continue
        tensor = found[name]
        if not isinstance(tensor, torch.Tensor) or tensor.is_sparse or tensor.is_quantized or tensor.is_complex():
            raise ModelFilesError(f"{name} in {path.name} of {title} is no tensor of plain numbers; {_REMEDY}")
        _check_shape(name, tuple(tensor.shape), wanted, path, title)
        tensor = tensor.detach().to(wanted[own].dtype, copy=own not in state, memory_format=torch.contiguous_format)
        if own in state:
            if not torch.equal(state[own], tensor):
                raise ModelFilesError(f"{path.name} of {title} holds two different tensors for {own}; {_REMEDY}")
            continue
        if not torch.isfinite(tensor).all() or (own.endswith(".running_var") and (tensor < 0).any()):
            raise ModelFilesError(
                f"{name} in {path.name} of {title} holds what is no number, or a variance below 0; {_REMEDY}"
            )
        state[own] = tensor
    return state, extra
