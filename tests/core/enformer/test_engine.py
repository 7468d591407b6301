"""`EnformerEngine` against enformer_pytorch's own forward, and what it refuses."""

from __future__ import annotations

import copy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from core.enformer import EnformerEngine, Track, TrackTable
from core.enformer.averaging import Averaging
from core.enformer.parts import parts_of, weights_digest
from core.enformer.values import SPREAD_KIND
from core.errors import ModelFilesError, ModelOutputError, SelectionError, SequenceError, SettingsError
from core.genome import Interval, one_hot
from tests.core.enformer.engine_toys import far, letters, reference, small

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("head", ["human", "mouse"])
@pytest.mark.parametrize("bins", [1, 2, 3, 10, 17, 64, 101])
def test_equals_the_reference(bins, head):
    module = small(seed=bins)
    sequence = letters(16 * bins, seed=bins)
    found = EnformerEngine(module).predict(sequence, head=head, target_length=-1)
    assert found.values.dtype == np.float32
    assert far(found.values, reference(module, sequence, head)) < 1e-5
    assert (found.bins, len(found), found.bin_size_bp, found.head) == (bins, {"human": 7, "mouse": 5}[head], 16, head)


@pytest.mark.parametrize(
    "sizes", [{"num_downsamples": 7}, {"num_downsamples": 3, "heads": 1, "depth": 1}, {"depth": 0}]
)
def test_other_architectures(sizes):
    module = small(**sizes)
    sequence = letters(21 * 2 ** sizes.get("num_downsamples", 4))
    found = EnformerEngine(module).predict(sequence, target_length=-1)
    assert found.bins == 21
    assert far(found.values, reference(module, sequence)) < 1e-5


def test_tensorflow_gamma():
    module = small(dim=192, heads=1, depth=1, num_downsamples=3, dim_divisible_by=8, use_tf_gamma=True)
    engine = EnformerEngine(module)
    sequence = letters(1536 * 8)
    found = engine.predict(sequence, target_length=896)
    wanted = reference(module, sequence, target_length=896)
    assert far(found.values, wanted) < 1e-5
    assert not any("positional" in note for note in found.notes)
    plain = copy.deepcopy(module)
    plain.transformer[0][0].fn[1].use_tf_gamma = False
    assert far(reference(plain, sequence, target_length=896), wanted) > 1e-3, "the features make no difference here"
    assert far(EnformerEngine(plain).predict(sequence, target_length=896).values, wanted) > 1e-3
    # The reference refuses another length; here it is computed, and said.
    other = engine.predict(sequence[: 8 * 100], target_length=-1)
    assert far(other.values, reference(plain, sequence[: 8 * 100])) < 1e-5
    assert any("TensorFlow's positional features" in note for note in other.notes)


def test_case_unknown_letters_and_arrays():
    module = small()
    engine = EnformerEngine(module)
    sequence = letters(320, unknown=0)
    mixed = sequence[:100] + "NNRY" + sequence[104:]
    wanted = engine.predict(mixed)
    assert far(wanted.values, reference(module, mixed.replace("R", "N").replace("Y", "N"), target_length=10)) < 1e-5
    np.testing.assert_array_equal(engine.predict(mixed.lower()).values, wanted.values)
    np.testing.assert_array_equal(engine.predict(one_hot(mixed)).values, wanted.values)
    assert engine.predict(mixed.lower()).sequence_digest == wanted.sequence_digest
    assert wanted.notes == ("4 of 320 letters are no A, C, G or T; the model reads them as zeros.",)
    assert engine.predict(sequence).notes == ()


def test_crop_of_even_and_odd_differences():
    module = small()
    engine = EnformerEngine(module)
    sequence = letters(16 * 21)
    place = Interval("chr1", 1000, 1000 + 16 * 21)
    everything = engine.predict(sequence, target_length=-1, interval=place)
    assert everything.interval == place
    even = engine.predict(sequence, target_length=11, interval=place)
    np.testing.assert_allclose(even.values, everything.values[5:16], rtol=1e-5)
    assert far(even.values, reference(module, sequence, target_length=11)) < 1e-5
    # 21 - 10 is odd: 6 bins go on the left, 5 on the right. The reference takes 6 on both sides and is a bin short.
    odd = engine.predict(sequence, target_length=10, interval=place)
    np.testing.assert_allclose(odd.values, everything.values[6:16], rtol=1e-5)
    assert (odd.first_bin, odd.interval) == (6, Interval("chr1", 1000 + 6 * 16, 1000 + 16 * 16))
    short = reference(module, sequence, target_length=10)
    assert short.shape == (9, 7)
    assert far(odd.values[:-1], short) < 1e-5
    one_less = engine.predict(sequence, target_length=20)
    assert (one_less.first_bin, one_less.bins, one_less.interval) == (1, 20, None)


def test_own_crop_where_it_fits():
    engine = EnformerEngine(small())
    assert engine.predict(letters(16 * 40)).bins == 10
    assert engine.predict(letters(16 * 10)).bins == 10
    short = engine.predict(letters(16 * 9))
    assert (short.bins, short.first_bin) == (9, 0)
    assert any("crop of 10 bins does not fit into the window's 9" in note for note in short.notes)
    assert EnformerEngine(small(target_length=-1)).predict(letters(16 * 9)).notes == short.notes[:1]


def test_some_tracks_are_columns_of_all():
    engine = EnformerEngine(small())
    sequence = letters(16 * 12)
    everything = engine.predict(sequence)
    assert [track.index for track in everything.tracks] == list(range(7))
    some = engine.predict(sequence, tracks=[5, everything.tracks[2], np.int64(0)])
    assert [track.index for track in some.tracks] == [5, 2, 0]
    np.testing.assert_allclose(some.values, everything.values[:, [5, 2, 0]], rtol=1e-6)
    np.testing.assert_array_equal(some.column(2), some.values[:, 1])
    assert engine.predict(sequence, tracks=5).values.shape == (10, 1)
    assert len(engine.predict(sequence, tracks=[5, 5])) == 1
    for many in (np.array([5, 2]), torch.tensor([5, 2]), (np.uint8(n) for n in (5, 2)), {5: "", 2: ""}):
        assert [track.index for track in engine.predict(sequence, tracks=many).tracks] == [5, 2]
    for one in (np.array(5), np.array([5]), torch.tensor(5)):
        assert [track.index for track in engine.predict(sequence, tracks=one).tracks] == [5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": []}, r"no head \[\]"),
        ({"tracks": 3.5}, "3.5 is no track; give whole numbers"),
        ({"tracks": slice(2)}, "is no track"),
        ({"tracks": [True, None]}, "None is no track"),
        ({"tracks": np.array([True, False])}, "is no track"),
        ({"tracks": [10**30]}, "does not exist"),
        ({"target_length": -2}, "give 1 to 12, or -1 for all"),
        ({"head": "yeast"}, "no head 'yeast'; it has human and mouse"),
        ({"tracks": [7]}, "Track 7 does not exist: the human head has tracks 0 to 6"),
        ({"tracks": [-1]}, "Track -1 does not exist"),
        ({"tracks": []}, "No track is chosen"),
        ({"tracks": ["K562"]}, "'K562' is no track"),
        ({"tracks": [Track(3, "ENCFF000AAA", "DNASE:K562")]}, "a track of another table"),
        ({"target_length": 0}, "give 1 to 12, or -1 for all"),
        ({"target_length": 13}, "13 bins and the window has 12"),
        ({"target_length": 1.5}, "whole number of bins"),
    ],
)
def test_selections_that_are_refused(options, message):
    with pytest.raises(SelectionError, match=message):
        EnformerEngine(small()).predict(letters(16 * 12), **options)


@pytest.mark.parametrize(
    ("sequence", "options", "message"),
    [
        ("", {}, "has 0 letters and Enformer reads a multiple of 16; give 16"),
        ("ACGT" * 3, {}, "has 12 letters and Enformer reads a multiple of 16; give 16"),
        ("ACGT" * 25, {}, "has 100 letters and Enformer reads a multiple of 16; give 96 or 112"),
        ("ACGU" * 4, {}, "it is RNA"),
        ("N" * 32, {}, "holds no known base: all 32 letters are N"),
        ("N" * 32, {"interval": Interval("chr1", 0, 32)}, "The window of chr1:1-32 holds no known base"),
        ("ACGT" * 8, {"interval": Interval("chr1", 0, 33)}, "chr1:1-33 is 33 bp wide"),
        ("ACGT" * 8, {"averaging": Averaging(shifts=(9,))}, "give shifts from -8 to 8 bp"),
        ("ACGT" * 8, {"averaging": Averaging(shifts=(1,)), "flanks": ("", "A-")}, "leave gaps out"),
        (b"ACGT", {}, "is a bytes; give letters such as ACGT, or a one-hot array"),
        (torch.eye(4), {}, "is a Tensor; give letters"),
        ("ACGT" * 8, {"interval": "chr1:1-32"}, "The interval is 'chr1:1-32'; give an Interval"),
        (np.zeros((4, 32), np.float32), {}, "length comes first"),
    ],
)
def test_sequences_that_are_refused(sequence, options, message):
    with pytest.raises(SequenceError, match=message):
        EnformerEngine(small()).predict(sequence, **options)


def test_bare_module_stays_as_it_is():
    module = small().train().requires_grad_(True)
    module.set_target_length(3)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    flags = [(part.training, type(part)) for part in module.modules()]
    sequence = letters(16 * 20)
    engine = EnformerEngine(module)
    found = engine.predict(sequence, averaging=Averaging(reverse_complement=True))
    engine.attention(sequence, [0, 2])
    assert found.bins == 10, "the crop that somebody left on the module is not its own"
    assert flags == [(part.training, type(part)) for part in module.modules()]
    assert module.crop_final.target_length == 3
    assert all(parameter.requires_grad and parameter.grad is None for parameter in module.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert far(engine.predict(sequence).values, reference(module, sequence, target_length=10)) < 1e-5
    assert engine.predict(sequence).provenance.sentence.startswith("Enformer · local weights ")


def test_weights_trained_in_place_are_noticed():
    module = small()
    engine = EnformerEngine(module)
    sequence = letters(16 * 10)
    before = engine.predict(sequence).values
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.1)
    found = engine.predict(sequence).values
    assert far(found, before) > 1e-3
    assert far(found, reference(module, sequence)) < 1e-5


def test_weights_of_other_types_are_computed_in_float32():
    module = small().half()
    sequence = letters(16 * 10)
    assert far(EnformerEngine(module).predict(sequence).values, reference(module.float(), sequence)) < 1e-5


def test_tower_then_transformer_is_the_trunk():
    module = small()
    engine = EnformerEngine(module)
    sequence = letters(16 * 13)
    with torch.inference_mode():
        encoded = torch.from_numpy(one_hot(sequence))[None].transpose(1, 2)
        local = module.conv_tower(module.stem(encoded)).transpose(1, 2)
        everywhere = module.transformer(local)
    found = engine.tower(sequence)
    assert far(found, local[0].numpy()) < 1e-5
    assert far(engine.transformer(found), everywhere[0].numpy()) < 1e-5
    with pytest.raises(ValueError, match="not \\(bins, 48\\)"):
        engine.transformer(found.T)


def test_shapes_of_the_published_tower():
    from core.enformer.hparams import Hyperparameters
    from core.enformer.methods import EXACT
    from core.enformer.stages import ready, stage_rows

    module = Hyperparameters().build()
    stages = parts_of(module, torch.device("meta")).stages
    states, shapes = torch.empty(1, 196_608, 4, device="meta"), []
    for stage in stages:
        own = ready(stage, EXACT)
        padded = torch.nn.functional.pad(states, (0, 0, own.kernel // 2, own.kernel // 2))
        states = stage_rows(own, padded)
        shapes.append(tuple(states.shape[1:]))
    assert shapes == [
        (98304, 768),
        (49152, 768),
        (24576, 896),
        (12288, 1024),
        (6144, 1152),
        (3072, 1280),
        (1536, 1536),
    ]


def test_one_base_reaches_few_bins_of_the_tower():
    engine = EnformerEngine(small(num_downsamples=7))
    sequence = letters(128 * 40, unknown=0)
    base = 128 * 20 + 64
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}[sequence[base]]
    apart = np.abs(engine.tower(sequence) - engine.tower(sequence[:base] + other + sequence[base + 1 :])).max(axis=1)
    changed = np.flatnonzero(apart)
    assert 20 in changed
    assert changed.min() >= 17
    assert changed.max() <= 22


def test_precision():
    module = small(dim=96, depth=2, heads=2)
    sequence = letters(16 * 64)
    exact = EnformerEngine(module, precision="fp32").predict(sequence)
    assert exact.provenance.precision == "float32"
    assert EnformerEngine(module).predict(sequence).provenance == exact.provenance
    fast = EnformerEngine(module, precision="bf16").predict(sequence)
    assert fast.provenance.precision == "fast float32", "what a CPU is given where nothing was measured"
    assert "fast float32" in fast.provenance.sentence
    assert 0 < far(fast.values, exact.values) < 1e-5
    assert any("tracks differ from float32 by at most" in note for note in fast.notes)
    assert set(fast.notes) > set(exact.notes)
    for wanted in ("int8", "", None):
        with pytest.raises(SettingsError, match="give auto, float32 or bfloat16"):
            EnformerEngine(module, precision=wanted)


@pytest.mark.parametrize("api", ["older", "newer"])
def test_tf32_is_switched_off_while_exact_runs_last(api):
    from core.enformer.precision import _tf32

    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    newer = (cudnn.conv, cudnn.rnn, matmul)
    cudnn.allow_tf32 = matmul.allow_tf32 = True
    if api == "newer":
        cudnn.rnn.fp32_precision = "ieee"  # from here on the older switch raises when it is read
    before = [switch.fp32_precision for switch in newer]
    try:
        first, second = (_tf32(torch.device("cuda"), False) for _ in range(2))
        first.__enter__()
        second.__enter__()
        assert "tf32" not in [switch.fp32_precision for switch in newer]
        first.__exit__(None, None, None)
        assert "tf32" not in [switch.fp32_precision for switch in newer], "the second run is still under way"
        if api == "older":
            assert not cudnn.allow_tf32
        second.__exit__(None, None, None)
        assert [switch.fp32_precision for switch in newer] == before
        assert before[0] == before[2] == "tf32"
        if api == "older":
            assert cudnn.allow_tf32
            assert matmul.allow_tf32
    finally:
        cudnn.allow_tf32, matmul.allow_tf32 = True, False


def test_tf32_is_on_while_only_runs_that_want_it_last():
    from core.enformer.precision import _tf32

    cudnn, matmul, cuda = torch.backends.cudnn, torch.backends.cuda.matmul, torch.device("cuda")
    before = cudnn.allow_tf32, matmul.allow_tf32
    with _tf32(cuda, True):
        assert (cudnn.allow_tf32, matmul.allow_tf32) == (True, True)
        with _tf32(cuda, False):
            assert (cudnn.allow_tf32, matmul.allow_tf32) == (False, False), "exact is exact, whoever else runs"
            with _tf32(cuda, True):
                assert not matmul.allow_tf32
        assert (cudnn.allow_tf32, matmul.allow_tf32) == (True, True)
    assert (cudnn.allow_tf32, matmul.allow_tf32) == before


@pytest.mark.parametrize("device", ["abacus", "cuda:99", 3.5])
def test_devices_that_are_not_there(device):
    with pytest.raises(SettingsError, match="this machine does not have"):
        EnformerEngine(small(), device=device)


def test_output_that_is_not_finite():
    module = small()
    with torch.no_grad():
        module._heads["human"][0].bias[3] = float("nan")
    engine = EnformerEngine(module)
    with pytest.raises(
        ModelOutputError, match="not finite in float32, first in the human head; its weights may be damaged"
    ):
        engine.predict(letters(160))
    assert np.isfinite(engine.predict(letters(160), tracks=[2, 4]).values).all()
    with torch.no_grad():
        module.conv_tower[0][0][2].weight[0] = float("inf")
    with pytest.raises(ModelOutputError, match="first in stage 2 of 4 of the tower"):
        engine.attention(letters(160), 0)


def test_modules_that_are_no_enformer():
    for model in ("official", None, 5):
        with pytest.raises(ModelFilesError, match=r"is no model; give what load_model gives: load_model\('official'\)"):
            EnformerEngine(model)
    with pytest.raises(ModelFilesError, match="This Linear is not laid out as enformer_pytorch's Enformer"):
        EnformerEngine(torch.nn.Linear(2, 2))
    module = small()
    module._heads["human"][1] = torch.nn.ReLU()
    with pytest.raises(ModelFilesError, match="the human head ends with ReLU"):
        EnformerEngine(module)
    module = small()
    module.transformer[0][0].fn[1].num_rel_pos_features = 10
    with pytest.raises(ModelFilesError, match="10 positional features"):
        EnformerEngine(module)


def test_progress_grows_with_cost_and_can_stop():
    engine = EnformerEngine(small())
    sequence = letters(16 * 32)
    told: list[float] = []
    engine.predict(sequence, on_progress=told.append, averaging=Averaging(reverse_complement=True))
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(set(told))
    assert len(told) > 8

    class Enough(RuntimeError):
        pass

    def stop(fraction: float) -> None:
        if fraction > 0.3:
            raise Enough

    with pytest.raises(Enough):
        engine.predict(sequence, on_progress=stop)
    with pytest.raises(Enough):
        engine.attention(sequence, 2, on_progress=stop)
    engine.predict(sequence)


def test_two_threads():
    engine = EnformerEngine(small())
    sequences = [letters(16 * (10 + number % 3), seed=number) for number in range(12)]
    wanted = [EnformerEngine(small()).predict(sequence, target_length=-1).values for sequence in sequences]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda sequence: engine.predict(sequence, target_length=-1).values, sequences))
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_dna_model_brings_names_and_provenance():
    from core.enformer import load_model

    model = load_model("untrained")
    engine = EnformerEngine(model, precision="float32")
    sequence = letters(model.input_bp)
    found = engine.predict(sequence, tracks=[1])
    assert found.provenance == model.provenance
    assert found.provenance.weights == "random"
    assert (found.bins, found.bin_size_bp) == (model.target_bins, 128)
    assert found.tracks == (model.tables["human"][1],)
    wanted = reference(model.module, sequence, target_length=model.target_bins)
    assert far(engine.predict(sequence).values, wanted) < 1e-5
    np.testing.assert_allclose(found.values[:, 0], wanted[:, 1], rtol=1e-5)


def test_a_table_may_name_some_tracks_alone():
    from dataclasses import replace

    from core.enformer import load_model

    model = load_model("untrained")
    table = TrackTable("human", (Track(4, "ENCFF000AAA", "DNASE:K562"),), "hg38", "a test")
    found = EnformerEngine(replace(model, tables={"human": table})).predict(letters(1280), tracks=[4, 5])
    assert [track.description for track in found.tracks] == ["DNASE:K562", "track 5"]


def test_fingerprint_follows_what_changes_an_answer():
    import json

    engine = EnformerEngine(small())
    assert json.loads(json.dumps(engine.fingerprint)) == EnformerEngine(small()).fingerprint
    assert engine.fingerprint != EnformerEngine(small(seed=1)).fingerprint
    assert engine.fingerprint != EnformerEngine(small(), precision="bf16").fingerprint
    module = small()
    module.transformer[0][0].fn[1].use_tf_gamma = True
    assert engine.fingerprint != EnformerEngine(module).fingerprint


def test_digest_of_weights():
    module = small()
    digest = weights_digest(module)
    assert len(digest) == 64
    assert digest == weights_digest(small())
    module.stem[1].fn[0].num_batches_tracked += 1
    assert digest == weights_digest(module)
    with torch.no_grad():
        module.stem[1].fn[0].running_mean[0] += 1
    assert digest != weights_digest(module)


def test_result_is_read_only_and_says_what_it_is():
    found = EnformerEngine(small()).predict(letters(160), averaging=Averaging(reverse_complement=True))
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        found.spread[0] = 1
    assert (found.spread_kind, found.runs) == (SPREAD_KIND, ("forward", "reverse complement"))


def test_import_is_light():
    heavy = ("torch", "transformers", "enformer_pytorch", "pandas", "plotly", "safetensors.torch", "kipoiseq")
    code = "import sys, core.enformer, core.enformer.averaging, core.enformer.dna_attention\n"
    code += f"sys.exit(', '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_public_names():
    import core.enformer

    assert {"DnaModel", "EnformerEngine", "Track", "TrackSet", "TrackTable", "load_model"} <= set(core.enformer.__all__)


@pytest.mark.gpu
@pytest.mark.parametrize("bins", [10, 1001])
def test_on_cuda(bins):
    module = small()
    sequence = letters(16 * bins)
    engine = EnformerEngine(module, device="cuda")
    found = engine.predict(sequence, target_length=-1, averaging=Averaging(reverse_complement=True, shifts=(-1, 1)))
    assert next(module.parameters()).device.type == "cpu"
    wanted = EnformerEngine(module).predict(
        sequence, target_length=-1, averaging=Averaging(reverse_complement=True, shifts=(-1, 1))
    )
    assert far(found.values, wanted.values) < 1e-4  # the gamma features differ between devices
    peer = copy.deepcopy(module).cuda()
    with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
        exact = peer(torch.from_numpy(one_hot(sequence)).cuda(), head="human", target_length=-1).cpu().numpy()
    assert far(engine.predict(sequence, target_length=-1).values, exact) < 1e-5
