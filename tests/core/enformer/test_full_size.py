"""The published architecture on a real window, once, against enformer_pytorch: minutes and 5 GB."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from core.enformer import EnformerEngine, load_model
from core.genome import Interval, open_genome
from tests.core.enformer.engine_toys import far, reference

WINDOW = Interval("chr1", 10_000, 206_608)


@pytest.mark.timeout(900)
def test_full_size_equals_the_reference(test_data: Path, capsys) -> None:
    sequence = open_genome(test_data / "genome" / "hg38_chr1_1mb.fa.gz").fetch(WINDOW)
    model = load_model("random")
    engine = EnformerEngine(model)
    started = time.perf_counter()
    found = engine.predict(sequence, interval=WINDOW)
    ours = time.perf_counter() - started
    started = time.perf_counter()
    wanted = reference(model.module, sequence, target_length=896)
    theirs = time.perf_counter() - started
    apart = far(found.values, wanted)
    with capsys.disabled():
        print(f"\nengine {ours:.1f} s, enformer_pytorch {theirs:.1f} s, apart {apart:.1e} of the range")
    assert found.values.shape == (896, 5313)
    assert apart < 1e-5
    ranges = np.ptp(wanted, axis=0)
    assert ranges.min() > 0.01, "a track is constant: nothing was compared"
    assert (np.abs(found.values - wanted).max(axis=0) / ranges).max() < 1e-4, "of each track's own range"
    # 320 bins of 128 bp are cropped on the left.
    assert found.interval == Interval("chr1", 10_000 + 320 * 128, 10_000 + 1216 * 128)
    assert not any("positional" in note for note in found.notes)
