"""Peak memory of Enformer's own window, each way in a process of its own, weights and libraries included."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

from tests.bench.engine import LENGTH, bases, failed, target
from tests.bench.report import Case

WAYS = {
    "ours": ("fresh prediction, all tracks, fp32: EnformerEngine", 2.5, 4e9),
    "peer": ("fresh prediction, all tracks, fp32: enformer_pytorch", None, 6e9),
    "gradient": ("gradient of 2 tracks, 3 bins: ours", 6.0, 7e9),
    "autograd": ("gradient of 2 tracks, 3 bins: plain autograd, parameters frozen", None, 15.5e9),
}
LIMIT_SECONDS = 900


def measure_memory(runs: int) -> Iterator[Case]:
    """One run each: a peak does not change from run to run, and each takes up to a minute."""
    with tempfile.TemporaryDirectory() as folder:
        for way, (what, aim, needed) in WAYS.items():
            free = psutil.virtual_memory().available
            if free < needed:
                print(f"Memory of {what} is left out: it takes {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free.")
                continue
            command = [sys.executable, "-m", "tests.bench.engine_memory", way, folder]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS)
                if done.returncode:
                    raise RuntimeError(f"it ended with {done.returncode}: {done.stderr.strip()[-300:]}")
                peak = json.loads(done.stdout.splitlines()[-1])["peak"]
            except (OSError, subprocess.SubprocessError, RuntimeError, ValueError, LookupError) as error:
                failed(f"Memory of {what}", error)
                continue
            print(f"  {what}: {peak / 1e9:.3g} GB", flush=True)
            yield Case("engine-memory", f"peak of the process, {what}", "GB", (peak / 1e9,), aim)
        found, wanted = (Path(folder) / f"{way}.npy" for way in ("gradient", "autograd"))
        if found.exists() and wanted.exists():
            exact = np.load(wanted)
            apart = float(np.abs(np.load(found).astype(np.float64) - exact).max() / np.ptp(exact))
            name = "gradient: largest difference from enformer_pytorch's autograd"
            yield Case("engine-memory", name, "of its range", (apart,), 1e-5)


def _peak_bytes() -> int:
    """Of this process alone: where Linux tells it, as getrusage may count the parent that started it."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def run(way: str, folder: Path) -> None:
    """Do one thing once and print the peak."""
    import torch

    from core.enformer import EnformerEngine, load_model
    from core.genome import one_hot

    letters, _ = bases(LENGTH)
    model = load_model("random")
    asked = target(dict(model.module.config.output_heads)["human"], LENGTH // 128)
    if way == "ours":
        EnformerEngine(model).predict(letters)
    elif way == "peer":
        with torch.inference_mode():
            model.module(torch.from_numpy(one_hot(letters)[None]), head="human")
    elif way == "gradient":
        from core.enformer.gradients import input_gradient

        np.save(folder / "gradient.npy", input_gradient(EnformerEngine(model), letters, asked))
    else:
        given = torch.tensor(one_hot(letters)[None], requires_grad=True)
        cropped = (LENGTH // 128 - model.target_bins) // 2
        output = model.module(given, head="human")[0, [number - cropped for number in asked.bins]]
        output[:, list(asked.tracks)].mean().backward()
        np.save(folder / "autograd.npy", given.grad[0].numpy())
    print(json.dumps({"peak": _peak_bytes()}))


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    run(sys.argv[1], Path(sys.argv[2]))
