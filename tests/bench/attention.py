"""`attention` against transformers' own eager forward with `output_attentions`, in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from components.attention import attention_payload
from core.language import LanguageModel, attention, load_model
from tests.bench.report import Case
from tests.bench.texts import text_of

LENGTHS = (("minilm", 16), ("minilm", 128), ("minilm", 512), ("storybook-gpt", 256))
PAYLOAD_TOKENS = (11, 100, 256, 512)
PAYLOAD_AIM_BYTES = 3_000_000
MEMORY_TOKENS = 1024


def _theirs(model: LanguageModel, ids: list[int]) -> np.ndarray:
    import torch

    # Without the head that predicts words, which attention does not need either.
    with torch.inference_mode():
        answer = model.module.base_model(input_ids=torch.tensor([ids]), output_attentions=True)
    return answer.attentions[1][0, 1].numpy()


def _ours(model: LanguageModel, ids: list[int]) -> np.ndarray:
    return attention(model, ids).head(1, 1)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_speed(runs: int) -> Iterator[Case]:
    """Seconds of ours and of theirs, run in turns, and their ratio."""
    for name, tokens in LENGTHS:
        model = load_model(name)
        ids = list(model.tokenizer.encode(text_of(model, tokens, "speed")).sequence.ids)
        np.testing.assert_allclose(_ours(model, ids), _theirs(model, ids), atol=1e-5)
        pairs = [
            (_seconds(lambda: _ours(model, ids)), _seconds(lambda: _theirs(model, ids)))  # noqa: B023
            for _ in range(4 * runs)
        ]
        ours, theirs = zip(*pairs, strict=True)
        what = f"{model.card.title}, {tokens} tokens"
        yield Case("attention", f"attention() and one head: {what}", "s", ours)
        yield Case("attention", f"transformers' output_attentions: {what}", "s", theirs)
        ratios = tuple(a / b for a, b in pairs)
        yield Case("attention", f"ours / theirs: {what}", "x", ratios)


def measure_payload(runs: int) -> Iterator[Case]:
    """Bytes that the heatmap of one head sends to the browser."""
    model = load_model("minilm")
    for tokens in PAYLOAD_TOKENS:
        result = attention(model, text_of(model, tokens, "payload"))
        size = len(json.dumps(attention_payload(result, [0], 0)))
        yield Case("payload", f"heatmap of one head, {tokens} tokens", "bytes", (size,), PAYLOAD_AIM_BYTES)


def measure_memory(runs: int) -> Iterator[Case]:
    """Memory of a result of 12 x 12 heads on 1,024 tokens, each way in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        _write_wide_model(Path(folder))
        for way, what in (("ours", "AttentionResult"), ("theirs", "transformers' output_attentions")):
            command = [sys.executable, "-m", "tests.bench.attention", way, folder]
            found = [
                json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
                for _ in range(min(runs, 3))
            ]
            for key, name in (("held", "memory held"), ("peak", "peak of the process, above before")):
                values = tuple(one[key] / 1e6 for one in found)
                yield Case("memory", f"12 × 12 heads, {MEMORY_TOKENS:,} tokens, {name}: {what}", "MB", values)


def _write_wide_model(folder: Path) -> None:
    """A random GPT-2 with GPT-2's heads and context, narrow so that only attention takes memory."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=100, n_positions=MEMORY_TOKENS, n_layer=12, n_head=12, n_embd=96)
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)


def _print_memory(way: str, folder: str) -> None:
    import psutil
    import torch

    model = load_model(Path(folder))
    ids = [i % 100 for i in range(MEMORY_TOKENS)]
    attention(model, ids[:8])
    before = psutil.Process().memory_info().rss
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins again from here
    if way == "ours":
        result = attention(model, ids)
        result.head(5, 5)
        held = result.nbytes
    else:
        with torch.inference_mode():
            weights = model.module.base_model(input_ids=torch.tensor([ids]), output_attentions=True).attentions
        held = sum(layer.nbytes for layer in weights)
    print(json.dumps({"held": held, "peak": _peak_bytes() - before}))


def _peak_bytes() -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    _print_memory(*sys.argv[1:])
