"""What happens when memory runs short: refused before, tried smaller, reported."""

from __future__ import annotations

import types

import numpy as np
import pytest
import torch

from core.enformer import EnformerEngine
from core.enformer.averaging import Averaging
from core.enformer.memory import amount, is_memory_fault, run_bytes
from core.enformer.tower import tower
from core.enformer.transformer import attention_weights
from core.errors import DeviceMemoryError
from tests.core.enformer.engine_toys import letters, small

FULL = "CUDA out of memory. Tried to allocate 2.00 GiB"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(FULL),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to ..."),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    ],
)
def test_faults_of_memory_are_known(error):
    assert is_memory_fault(error)
    assert not is_memory_fault(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_real_fault_of_this_machine():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_memory_fault(caught.value)


def test_refused_before_the_run(monkeypatch):
    engine = EnformerEngine(small())
    sequence = letters(16 * 4000)
    free = run_bytes(engine.parts, len(sequence)) - 1
    monkeypatch.setattr("psutil.virtual_memory", lambda: types.SimpleNamespace(available=free))
    monkeypatch.setattr("core.enformer.tower.tower", lambda *_: pytest.fail("it ran"))
    for ask in (engine.predict, engine.tower, lambda given: engine.attention(given, 0, 0)):
        with pytest.raises(DeviceMemoryError, match=r"64,000 bp through Enformer need about \d+ MB .* give a shorter"):
            ask(sequence)


def test_attention_in_smaller_pieces(monkeypatch):
    engine = EnformerEngine(small())
    sequence = letters(16 * 33)
    wanted = EnformerEngine(small()).predict(sequence)

    def tight(layer, queries, *rest):
        if queries.shape[2] > 3:
            raise torch.OutOfMemoryError(FULL)
        return attention_weights(layer, queries, *rest)

    monkeypatch.setattr("core.enformer.transformer.attention_weights", tight)
    told: list[float] = []
    found = engine.predict(sequence, on_progress=told.append)
    np.testing.assert_allclose(found.values, wanted.values, rtol=1e-5)
    assert told == sorted(told)


def test_runs_one_by_one(monkeypatch):
    engine = EnformerEngine(small())
    sequence, averaging = letters(16 * 12), Averaging(reverse_complement=True, shifts=(-2, 2))
    wanted = EnformerEngine(small()).predict(sequence, averaging=averaging)
    batches: list[int] = []

    def tight(parts, encoded, on_stage):
        batches.append(len(encoded))
        if len(encoded) > 1:
            on_stage(0)
            raise torch.OutOfMemoryError(FULL)
        return tower(parts, encoded, on_stage)

    monkeypatch.setattr("core.enformer.tower.tower", tight)
    told: list[float] = []
    found = engine.predict(sequence, averaging=averaging, on_progress=told.append)
    assert batches == [6, 3, 1, 1, 1, 1, 1, 1], "small windows go together, until memory is short"
    np.testing.assert_allclose(found.values, wanted.values, rtol=1e-5)
    np.testing.assert_allclose(found.spread, wanted.spread, rtol=1e-3, atol=1e-6)
    assert told == sorted(told)
    assert told[-1] == 1


def test_large_windows_go_one_by_one_on_a_cpu(monkeypatch):
    engine = EnformerEngine(small())
    monkeypatch.setattr("core.enformer.engine.BATCH_BYTES", run_bytes(engine.parts, 160) * 2)
    sizes: list[int] = []
    monkeypatch.setattr("core.enformer.tower.tower", lambda *given: sizes.append(len(given[1])) or tower(*given))
    engine.predict(letters(160), averaging=Averaging(reverse_complement=True, shifts=(1,)))
    assert sizes == [2, 2]


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError(FULL)])
def test_reported_when_nothing_fits(monkeypatch, error):
    engine = EnformerEngine(small())

    def never(*_):
        raise error

    monkeypatch.setattr("core.enformer.transformer.attention_weights", never)
    for ask in (engine.predict, lambda given: engine.attention(given, 1)):
        with pytest.raises(DeviceMemoryError, match=r"160 bp through Enformer need more memory .* smaller model"):
            ask(letters(160))
    monkeypatch.setattr("core.enformer.transformer.attention_weights", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.predict(letters(160))


def test_amounts():
    assert [amount(size) for size in (10, 34_400_000, 1_250_000_000)] == ["1 MB", "34 MB", "1.2 GB"]
