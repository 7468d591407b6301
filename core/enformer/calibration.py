"""What is fastest on this machine, measured once in a few seconds and remembered, and what it costs in precision.

Measured are products of one stage of the tower and one transformer layer, at their full width and on few rows. Which
of them is fastest depends on the processor: one multiplies bfloat16 at twice the rate of float32, the next at half.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.enformer.deviation import Deviation, measured_deviation
from core.enformer.methods import Method, default_method
from core.settings import settings

if TYPE_CHECKING:
    import torch

    from core.enformer.engine import EnformerEngine
    from core.enformer.parts import Parts
    from core.enformer.precision import Precision

TOLERANCE = 0.9999  # correlation with float32 that "auto" keeps, of every track with signal
SECONDS = 6.0  # after which nothing more is tried
TURNS = 3
KEPT = 64  # entries of the file
TILES = {"cpu": (1024, 2048, 4096)}
OTHER_TILES = (8192, 32_768)
ROWS = 256  # query rows, and bins of a layer that is tried
_lock = threading.Lock()


@dataclass(frozen=True)
class Calibration:
    """The fastest way that is exact, and the fastest of all.

    Attributes
    ----------
    exact, fast : methods; the same where nothing is faster than float32.
    measured : (what, seconds), for a person who wonders.
    """

    exact: Method
    fast: Method
    measured: tuple[tuple[str, float], ...] = ()


def calibration_file() -> Path:
    """Where calibrations are remembered."""
    return settings().cache_folder / "enformer" / "calibration.json"


@cache
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def chosen_method(precision: Precision, parts: Parts, weights: str) -> Method:
    """What a precision means on this machine: from measurements that were made before, else a default.

    "auto" is the fastest method whose deviation with these weights was measured and is within the tolerance, and
    float32 before that; "bfloat16" is the same, and before that a fast one that rounds little.
    """
    known = known_calibration(parts)
    if known is None:
        return default_method(precision, parts.device.type)
    if precision != "float32":
        for method in _from_fastest(known):
            deviation = known_deviation(parts, weights, method)
            if method.is_exact or (deviation is not None and deviation.keeps(TOLERANCE)):
                return method
            if deviation is None and precision == "bfloat16":
                return _from_fastest(known)[-2]
    return known.exact


def _from_fastest(known: Calibration) -> list[Method]:
    """What may be taken, until something keeps the tolerance; the last is exact."""
    milder = replace(known.fast, layers="float32", heads=known.exact.heads, fused=False)
    return [*dict.fromkeys([known.fast, milder, known.exact])]


def known_deviation(parts: Parts, weights: str, method: Method) -> Deviation | None:
    """What was measured with these weights on this machine before, or None."""
    try:
        return Deviation(**_read()[_deviation_key(parts, weights, method)])
    except (KeyError, TypeError):
        return None


def keep_deviation(parts: Parts, weights: str, method: Method, deviation: Deviation) -> None:
    """Remember a measured deviation."""
    _write(_deviation_key(parts, weights, method), asdict(deviation))


def _deviation_key(parts: Parts, weights: str, method: Method) -> str:
    return f"{machine_key(parts)} {weights[:16]} {method.words}"


def machine_key(parts: Parts) -> str:
    """16 hexadecimal digits of all that a calibration depends on: processor, threads, torch, device, widths."""
    import torch

    device = parts.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{_processor()} {platform.machine()}"
    widths = [list(stage.convolution.weight.shape) for stage in parts.stages]
    layer = parts.layers[0] if parts.layers else None
    sizes = (layer.heads, layer.key_size, layer.value_size, len(parts.layers)) if layer else ()
    told = [device.type, name, torch.get_num_threads(), torch.__version__, widths, sizes]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def known_calibration(parts: Parts) -> Calibration | None:
    """What was measured on this machine before, or None."""
    found = _read().get(machine_key(parts))
    if not isinstance(found, dict):
        return None
    try:
        measured = tuple((str(what), float(seconds)) for what, seconds in found["measured"])
        return Calibration(Method(**found["exact"]), Method(**found["fast"]), measured)
    except (KeyError, TypeError, ValueError):
        return None


def calibrate(parts: Parts, seconds: float = SECONDS) -> Calibration:
    """Measure, and remember. Takes about `seconds` at most; what was not tried keeps its default.

    Raises
    ------
    RuntimeError, MemoryError
        The library's own, when memory runs out.
    """
    from core.enformer.precision import running

    trial, device = _Trial(time.monotonic() + seconds), parts.device
    usual = default_method("float32", device.type)
    # On a CPU torch's own convolution takes as long and rounds as much as the short form.
    ways = [] if device.type == "cpu" else [replace(usual, convolution=way) for way in ("taps", "library")]
    with running(usual, device):
        exact, fast = _tower(parts, [usual, *ways, *_faster_towers(usual, device)], trial)
        own = [replace(usual, heads=heads) for heads in (usual.heads, 1 - usual.heads)]
        layer, fast_layer = _layer(parts, [*own, *_faster_layers(usual, device)], trial)
        tile = _best_tile(parts, fast, trial)
    exact = replace(exact, heads=layer.heads, tile=tile)
    changes = {name: getattr(fast_layer, name) for name in ("layers", "heads", "fused")}
    fast = replace(fast, tile=tile, **changes)
    found = Calibration(exact, fast, tuple(trial.measured.items()))
    _write(machine_key(parts), {"exact": asdict(exact), "fast": asdict(fast), "measured": list(found.measured)})
    return found


def calibrated(engine: EnformerEngine, sequence: str) -> tuple[Method, Deviation | None]:
    """See `EnformerEngine.calibrate`: the method, and how far it is from float32."""
    with engine.memory_sentences("A calibration"):
        known = known_calibration(engine.parts) or calibrate(engine.parts)
    if engine.precision != "float32":
        for method in _from_fastest(known):
            if method.is_exact:
                break
            deviation = deviation_of(engine, sequence, method)
            if deviation.keeps(TOLERANCE):
                return method, deviation
    return known.exact, None


def deviation_of(engine: EnformerEngine, sequence: str, method: Method | None = None) -> Deviation:
    """What was measured before with this engine's weights, or is measured on this sequence now, and remembered."""
    method = method or engine.method
    found = known_deviation(engine.parts, engine.weights_digest, method)
    if found is None:
        found = measured_deviation(engine, sequence, method)
        keep_deviation(engine.parts, engine.weights_digest, method, found)
    return found


def _faster_towers(exact: Method, device: torch.device) -> list[Method]:
    if device.type == "cuda":
        return [replace(exact, tf32=True), replace(exact, tf32=True, tower="float16")]
    return [replace(exact, convolution="short")]


def _faster_layers(exact: Method, device: torch.device) -> list[Method]:
    found = [replace(exact, layers="float16" if device.type == "cuda" else "bfloat16")]
    if device.type == "cuda":
        found += [replace(way, fused=True, heads=0) for way in (exact, *found)]
    return found


class _Trial:
    """Times what is tried by turns: once in any case, and twice more while there is time."""

    def __init__(self, until: float) -> None:
        self._until = until
        self.measured: dict[str, float] = {}

    def order(self, ways: dict[str, Callable[[], Any]], settle: Callable[[], None]) -> list[str]:
        """Names, the fastest first; as given where there is no time to try."""
        if time.monotonic() > self._until:
            return list(ways)
        best: dict[str, float] = {}
        for turn in range(TURNS):
            for name, way in ways.items():
                if time.monotonic() > self._until and turn:
                    break
                started = time.perf_counter()
                way()
                settle()
                seconds = time.perf_counter() - started
                best[name] = min(best.get(name, seconds), seconds)
        self.measured |= best
        return sorted(best, key=best.__getitem__)


def _settle(device: torch.device) -> Callable[[], None]:
    """Waits until the device has done what it was given."""
    import torch

    kind = getattr(torch, device.type, None)
    return getattr(kind, "synchronize", lambda: None) if device.type != "cpu" else lambda: None


def _tower(parts: Parts, methods: list[Method], trial: _Trial) -> tuple[Method, Method]:
    """The fastest that is exact and the fastest of all, by a stage in the middle of the cost."""
    import torch

    from core.enformer.stages import made_ready, stage_rows

    stage = parts.stages[min(1, len(parts.stages) - 1)]
    channels = stage.convolution.weight.shape[1]
    ways: dict[str, Callable[[], Any]] = {}
    named = {_tower_name(method): method for method in methods}
    for name, method in named.items():
        laid = made_ready(stage, method)
        rows = torch.rand(1, method.tile + laid.kernel - 1, channels, device=parts.device)
        rows = rows.to(getattr(torch, method.tower))
        ways[name] = _with(method, parts, lambda laid=laid, rows=rows: stage_rows(laid, rows))
    return _exact_and_fast([named[name] for name in trial.order(ways, _settle(parts.device))])


def _exact_and_fast(methods: list[Method]) -> tuple[Method, Method]:
    """Of methods, the fastest first."""
    return next(method for method in methods if method.is_exact), methods[0]


def _tower_name(method: Method) -> str:
    return f"tower {'TF32' if method.tf32 and method.tower == 'float32' else method.tower} {method.convolution}"


def _best_tile(parts: Parts, own: Method, trial: _Trial) -> int:
    """The tile whose rows take least time."""
    import torch

    from core.enformer.stages import made_ready, stage_rows

    stage = parts.stages[min(1, len(parts.stages) - 1)]
    laid, channels = made_ready(stage, own), stage.convolution.weight.shape[1]
    sizes = sorted(TILES.get(parts.device.type, OTHER_TILES), key=lambda size: size != own.tile)  # the usual one first
    rows = torch.rand(1, max(sizes) + laid.kernel - 1, channels, device=parts.device)
    rows = rows.to(getattr(torch, own.tower))

    def some(size: int) -> Callable[[], Any]:
        def way() -> None:
            for start in range(0, max(sizes), size):
                stage_rows(laid, rows[:, start : start + size + laid.kernel - 1])

        return _with(own, parts, way)

    ways = {f"tile {size}": some(size) for size in sizes}
    return int(trial.order(ways, _settle(parts.device))[0].removeprefix("tile "))


def _layer(parts: Parts, methods: list[Method], trial: _Trial) -> tuple[Method, Method]:
    """The fastest that is exact and the fastest of all, by one layer."""
    import torch

    from core.enformer.positions import RelativeKeys
    from core.enformer.transformer import layer_output, row_pieces

    if not parts.layers:
        return methods[0], methods[0]
    layer, bins, shown = parts.layers[0], 6 * ROWS, (2 * ROWS, 4 * ROWS)  # of Enformer's own bins a third
    relative = RelativeKeys().get(layer, bins)
    states = torch.rand(1, bins, parts.width, device=parts.device)
    named = {_layer_name(method): method for method in methods}

    def one() -> torch.Tensor:
        return layer_output(layer, states, relative, row_pieces(parts, 1, bins), shown)

    ways = {name: _with(method, parts, one) for name, method in named.items()}
    return _exact_and_fast([named[name] for name in trial.order(ways, _settle(parts.device))])


def _layer_name(method: Method) -> str:
    return f"layer {method.layers} {method.heads or 'all'} heads{' fused' if method.fused else ''}"


def _with(method: Method, parts: Parts, way: Callable[[], Any]) -> Callable[[], Any]:
    from core.enformer.precision import running

    def run() -> Any:
        with running(method, parts.device):
            return way()

    return run


def _read() -> dict[str, Any]:
    try:
        found = json.loads(calibration_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(key: str, entry: dict[str, Any]) -> None:
    """Add an entry; the oldest go. A disk that cannot be written costs another measurement, nothing else."""
    with _lock:
        known = _read()
        known.pop(key, None)
        known = dict([*known.items(), (key, entry)][-KEPT:])
        path = calibration_file()
        draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.draft")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(known), encoding="utf-8")
            os.replace(draft, path)
        except OSError:
            with suppress(OSError):
                draft.unlink()
