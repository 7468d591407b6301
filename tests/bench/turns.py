"""Two threads with different models on one device queue: nobody waits longer than the other runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from core.jobs import DeviceQueue
from core.language import attention, load_model
from tests.bench.report import Case
from tests.bench.texts import text_of

TOKENS = 200
SLACK = 1.05  # handing the device over takes a moment too


def measure_queue(runs: int) -> Iterator[Case]:
    """The longer wait of two requests at the same moment, as a share of the other's run."""
    models = [load_model(name) for name in ("minilm", "storybook-gpt")]
    texts = [text_of(model, TOKENS, "queue") for model in models]
    for model, text in zip(models, texts, strict=True):
        attention(model, text)
    queue = DeviceQueue("cpu")
    shares = []
    for _ in range(4 * runs):
        waits, works = [0.0, 0.0], [0.0, 0.0]
        together = threading.Barrier(2)

        def ask(who: int, waits=waits, works=works, together=together) -> None:
            together.wait()
            asked = time.perf_counter()
            with queue.turn(owner=str(who), interactive=True):
                began = time.perf_counter()
                attention(models[who], texts[who])
                works[who] = time.perf_counter() - began
            waits[who] = began - asked

        threads = [threading.Thread(target=ask, args=(who,)) for who in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        last = waits.index(max(waits))
        shares.append(waits[last] / works[1 - last])
    yield Case("queue", "two threads, one device queue: wait / the other's run", "x", tuple(shares), SLACK)
