"""Methods, their calibration, and how far they are from float32."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.enformer import EnformerEngine, calibration
from core.enformer.averaging import Averaging
from core.enformer.calibration import Calibration, calibrate, known_calibration, machine_key
from core.enformer.deviation import Deviation
from core.enformer.methods import EXACT, Method, current, default_method, using
from core.enformer.parts import parts_of
from core.enformer.positions import RelativeKeys
from core.enformer.precision import running
from core.enformer.transformer import lowered, row_pieces, transformer
from core.errors import SettingsError
from tests.core.enformer.engine_toys import far, letters, reference, small

CPU = torch.device("cpu")
SHORT = replace(EXACT, convolution="short")
SIZES = {"dim": 96, "heads": 2, "attn_dim_key": 16}


@pytest.fixture(autouse=True)
def own_file(tmp_path, monkeypatch):
    """Each test remembers its own measurements."""
    monkeypatch.setattr(calibration, "calibration_file", lambda: tmp_path / "deep" / "calibration.json")
    return tmp_path / "deep" / "calibration.json"


def stated(monkeypatch, fast: Method, exact: Method = EXACT) -> None:
    """Let every machine have measured these to be the fastest."""
    monkeypatch.setattr(calibration, "known_calibration", lambda parts: Calibration(exact, fast))


def test_labels_and_words():
    assert (EXACT.label, EXACT.is_exact) == ("float32", True)
    assert (SHORT.label, SHORT.is_exact) == ("fast float32", False)
    assert replace(EXACT, layers="bfloat16").label == "bfloat16"
    assert replace(EXACT, tower="float16").label == "float16"
    assert (replace(EXACT, tf32=True).label, replace(EXACT, tf32=True).is_exact) == ("TF32", False)
    assert replace(EXACT, tile=7, rows=3, heads=0, fused=True, convolution="library").is_exact
    assert SHORT.words == "float32 with shortened convolutions (Toom-Cook)"
    assert default_method("bfloat16", "cuda").words == "TF32 (tower) and float16 (transformer)"
    assert default_method("auto", "cpu") == EXACT
    assert default_method("bfloat16", "cpu") == SHORT
    for device in ("cpu", "cuda", "mps"):
        assert default_method("float32", device).is_exact
        assert not default_method("bfloat16", device).is_exact
        assert default_method("bfloat16", device).tower != "bfloat16"
    with pytest.raises(ValueError, match="portions of 0 rows"):
        Method(tile=0)


def test_a_method_lasts_as_long_as_its_run():
    assert current() is EXACT
    with using(SHORT):
        assert current() is SHORT
        with running("float32", CPU):
            assert current() == EXACT
        assert current() is SHORT
    assert current() is EXACT


@pytest.mark.parametrize(
    "method",
    [
        replace(EXACT, heads=0, rows=7),
        replace(EXACT, heads=1, rows=1),
        replace(EXACT, heads=3, rows=1000),
        replace(EXACT, fused=True, rows=5),
        replace(EXACT, fused=True, heads=0),
        replace(EXACT, tile=16, convolution="library"),
        SHORT,
        replace(SHORT, tile=16),
    ],
)
def test_methods_in_float32_equal_the_reference(method, monkeypatch):
    stated(monkeypatch, method, method if method.is_exact else EXACT)
    module = small(heads=4)
    sequence = letters(16 * 37)
    engine = EnformerEngine(module, precision="bf16")
    assert engine.method == method
    both = Averaging(reverse_complement=True)
    assert far(engine.predict(sequence, target_length=-1).values, reference(module, sequence)) < 1e-5
    wanted = EnformerEngine(module, precision="fp32").predict(sequence, target_length=5, averaging=both).values
    assert far(engine.predict(sequence, target_length=5, averaging=both).values, wanted) < 1e-5


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_layers_in_short_types(kind, monkeypatch):
    stated(monkeypatch, replace(EXACT, layers=kind))
    module = small(**SIZES)
    sequence = letters(16 * 64)
    engine = EnformerEngine(module, precision="bf16")
    found = engine.predict(sequence, target_length=-1)
    wanted = reference(module, sequence)
    assert 1e-6 < far(found.values, wanted) < 0.02
    assert found.provenance.precision == kind
    assert min(np.corrcoef(a, b)[0, 1] for a, b in zip(found.values.T, wanted.T, strict=True)) > 0.9999
    assert [note for note in found.notes if f"and {kind} (transformer)" in note and "signal is 0.9999" in note]
    layer = engine.parts.layers[0]
    assert lowered(layer, kind) is lowered(layer, kind)
    assert lowered(layer, kind).query.dtype == getattr(torch, kind)
    assert lowered(layer, "float32") is layer
    with torch.no_grad():
        module.transformer[0][0].fn[1].to_q.weight.mul_(2)
    assert torch.equal(lowered(layer, kind).query, layer.query.to(getattr(torch, kind)))


@pytest.mark.parametrize("shown", [(0, 1), (3, 9), (19, 20), (0, 20)])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_last_layer_for_some_bins(shown, depth):
    module = small(depth=depth)
    parts, keys = parts_of(module, CPU), RelativeKeys()
    states = torch.randn(2, 20, 48)
    told: list[int] = []
    with running("float32", CPU):
        pieces = row_pieces(parts, 2, 20)
        everything = transformer(parts, states, keys, pieces)
        some = transformer(parts, states, keys, pieces, told.append, shown)
    assert told == list(range(depth))
    torch.testing.assert_close(some, everything[:, shown[0] : shown[1]], rtol=1e-5, atol=1e-5)


def test_calibration_is_measured_once_and_remembered(own_file, monkeypatch):
    parts = parts_of(small(**SIZES), CPU)
    assert known_calibration(parts) is None
    found = calibrate(parts, seconds=20)
    assert found.exact.is_exact
    assert known_calibration(parts) == found
    names = dict(found.measured)
    assert {"tower float32 taps", "tower float32 short", "tile 1024"} <= set(names)
    assert {"layer float32 1 heads", "layer float32 all heads", "layer bfloat16 1 heads"} & set(names)
    assert all(seconds > 0 for seconds in names.values())
    other = parts_of(small(dim=48), CPU)
    assert machine_key(other) != machine_key(parts)
    assert known_calibration(other) is None
    monkeypatch.setattr("torch.get_num_threads", lambda: 77)
    assert known_calibration(parts) is None, "another number of threads"
    assert not list(own_file.parent.glob("*.draft"))


def test_calibration_without_time_is_the_default():
    found = calibrate(parts_of(small(), CPU), seconds=0)
    assert found.measured == ()
    assert found.exact == found.fast == replace(EXACT, tile=found.exact.tile)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"KEY": 3}', '{"KEY": {"exact": {}, "fast": {"tile": 0}}}'])
def test_damaged_files_are_no_measurement(own_file, content):
    parts = parts_of(small(), CPU)
    own_file.parent.mkdir()
    own_file.write_text(content.replace("KEY", machine_key(parts)))
    assert known_calibration(parts) is None
    calibrate(parts, seconds=0)
    assert known_calibration(parts) is not None


def test_disks_that_cannot_be_written(own_file, monkeypatch):
    own_file.parent.write_text("a file where a folder should be")
    parts = parts_of(small(), CPU)
    calibrate(parts, seconds=0)
    assert known_calibration(parts) is None


def test_file_keeps_a_bounded_number(own_file):
    for number in range(calibration.KEPT + 5):
        calibration._write(f"key {number}", {})
    assert len(json.loads(own_file.read_text())) == calibration.KEPT
    assert "key 0" not in own_file.read_text()


def test_auto_is_float32_until_something_faster_is_known_to_be_right(monkeypatch):
    module, sequence = small(), letters(16 * 40)
    assert EnformerEngine(module).method == EXACT
    stated(monkeypatch, SHORT)
    assert EnformerEngine(module).method == EXACT, "how far it is was not measured"
    engine = EnformerEngine(module)
    engine.predict(sequence)
    deviation = engine.calibrate(sequence)
    assert (engine.method, engine.provenance.precision) == (SHORT, "fast float32")
    assert deviation.keeps(0.9999)
    assert engine.deviation(sequence) is deviation
    assert deviation.sentence in engine.predict(sequence).notes
    assert engine.predict(sequence).reused > 0, "nothing of the other precision was kept; its own is"
    assert EnformerEngine(module).method == SHORT, "remembered"
    assert EnformerEngine(small(seed=1)).method == EXACT, "other weights"
    assert EnformerEngine(module, precision="fp32").method == EXACT
    assert EnformerEngine(module, precision="fp32").calibrate(sequence) is None
    assert engine.fingerprint != EnformerEngine(module, precision="fp32").fingerprint


def test_auto_refuses_what_is_too_far(monkeypatch):
    module, sequence = small(**SIZES), letters(16 * 40)
    fast = replace(EXACT, layers="bfloat16")
    stated(monkeypatch, fast)
    monkeypatch.setattr(calibration, "TOLERANCE", 0.9999999)
    engine = EnformerEngine(module)
    assert engine.calibrate(sequence) is None
    assert engine.method == EXACT
    assert engine.predict(sequence).notes == EnformerEngine(module, precision="fp32").predict(sequence).notes
    asked = EnformerEngine(module, precision="bf16")
    assert asked.method == EXACT, "known to be too far"
    assert asked.calibrate(sequence) is None
    assert asked.method == EXACT
    milder = replace(fast, convolution="short")
    stated(monkeypatch, milder)
    asked = EnformerEngine(module, precision="bf16")
    assert asked.method == SHORT, "of two that were not measured the one that rounds less"
    assert asked.calibrate(sequence).keeps(0.9999999)
    assert asked.method == EnformerEngine(module).method == SHORT


def test_bf16_is_float32_where_nothing_is_faster(monkeypatch):
    stated(monkeypatch, EXACT)
    engine = EnformerEngine(small(), precision="bf16")
    assert engine.provenance.precision == "float32"
    assert engine.calibrate(letters(160)) is None
    assert engine.deviation(letters(160)) is None


def test_real_calibration_of_an_engine():
    engine = EnformerEngine(small(**SIZES))
    sequence = letters(16 * 40)
    wanted = EnformerEngine(small(**SIZES), precision="fp32").predict(sequence).values
    deviation = engine.calibrate(sequence)
    assert engine.method.is_exact == (deviation is None)
    assert deviation is None or deviation.keeps(calibration.TOLERANCE)
    assert far(engine.predict(sequence).values, wanted) < 0.02


def test_deviation_by_hand():
    exact = np.array([[0, 5, 1], [1, 5, 2], [2, 5, 4], [3, 5, 9]], np.float32)
    found = exact + np.array([[0, 0.5, 0], [0, 0, 0], [0, 0, 0.8], [0.3, 0, 0]], np.float32)
    deviation = Deviation.between(found, exact, "something")
    assert (deviation.tracks, deviation.bins) == (2, 4), "the flat track has no signal"
    assert deviation.largest == pytest.approx(0.8)
    assert deviation.of_range == pytest.approx(0.1)
    wanted = [np.corrcoef(found[:, track], exact[:, track])[0, 1] for track in (0, 2)]
    assert deviation.pearson == pytest.approx(min(wanted))
    assert deviation.keeps(0.9)
    assert not deviation.keeps(0.9999)
    assert deviation.sentence.startswith("Computed in something. Measured over 4 bins, tracks differ from float32")
    assert "by at most 10 % of their range (0.8 in their own unit)" in deviation.sentence
    flat = Deviation.between(np.ones((4, 2), np.float32), np.ones((4, 2), np.float32), "nothing")
    assert math.isnan(flat.pearson)
    assert not flat.keeps(0)
    assert "correlation" not in flat.sentence
    same = Deviation.between(exact, exact, "nothing")
    assert same.pearson == pytest.approx(1)
    assert "0.99" not in same.sentence


@pytest.mark.parametrize(
    ("pearson", "text"), [(0.9999872, "0.999987"), (0.98, "0.980"), (0.5, "0.50"), (1.0, "1.0000")]
)
def test_correlations_are_never_rounded_up(pearson, text):
    assert replace(Deviation(0, 0, 1.0, 1, 1, ""), pearson=pearson).sentence.endswith(f"is {text}.")


def test_threads_match_the_cores(monkeypatch):
    from core.enformer import precision

    for name in precision.THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    set_to: list[int] = []
    monkeypatch.setattr("torch.get_num_threads", lambda: 8)
    monkeypatch.setattr("torch.set_num_threads", set_to.append)
    monkeypatch.setattr(precision, "_physical_cores", lambda: 4)
    with running("float32", CPU):
        assert set_to == [4]
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    with running("float32", CPU):
        assert set_to == [4], "a person who says how many gets as many"
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(precision, "_physical_cores", lambda: 16)
    with running("float32", CPU):
        assert set_to == [4]


def test_precision_words():
    for wanted in ("fp64", 3):
        with pytest.raises(SettingsError, match="give auto, float32 or bfloat16"):
            EnformerEngine(small(), precision=wanted)
