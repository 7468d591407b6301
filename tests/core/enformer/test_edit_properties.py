"""Edits and moved windows of any small Enformer, as hypothesis finds them, against enformer_pytorch's own forward."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.enformer import Edit, EnformerEngine
from core.enformer.reuse import TowerReuse
from core.genome import reverse_complement
from tests.core.enformer.engine_toys import letters, reference, small

QUIET = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
MODELS = 8


@cache
def model(seed: int) -> torch.nn.Module:
    """One of a few architectures that differ in everything."""
    random = np.random.default_rng(seed)
    heads = int(random.integers(1, 5))
    width = 12 * heads * int(random.integers(1, 4))
    sizes: dict[str, Any] = {
        "dim": width,
        "depth": int(random.integers(0, 4)),
        "heads": heads,
        "output_heads": (("human", int(random.integers(2, 7))),),
        "target_length": int(random.choice([-1, 2, 7])),
        "attn_dim_key": int(random.integers(1, 17)),
        "num_downsamples": int(random.integers(3, 8)),
        "dim_divisible_by": int(random.choice([d for d in range(1, width // 2 + 1) if width % d == 0])),
    }
    return small(seed=seed, **sizes)


def size_of(module: torch.nn.Module) -> int:
    return 2**module.config.num_downsamples


def naive(sequence: str, edits: list[Edit], flank: str) -> str:
    """Letter by letter, from the right."""
    text = list(sequence)
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.stop), reverse=True):
        text[edit.start : edit.start + len(edit.ref)] = list(edit.alt)
    return ("".join(text) + flank + "N" * len(sequence))[: len(sequence)]


@st.composite
def places(draw: st.DrawFn, length: int, size: int) -> int:
    """Anywhere, but often at an edge of the window or a border of bins."""
    kind = draw(st.sampled_from(["anywhere", "left", "right", "border"]))
    if kind == "left":
        return draw(st.integers(0, min(3, length - 1)))
    if kind == "right":
        return length - 1 - draw(st.integers(0, min(3, length - 1)))
    if kind == "border":
        border = size * draw(st.integers(0, length // size)) + draw(st.integers(-1, 1))
        return min(max(border, 0), length - 1)
    return draw(st.integers(0, length - 1))


@st.composite
def one_edit(draw: st.DrawFn, sequence: str, size: int) -> Edit:
    """A substitution, an insertion, a deletion or several at once; whole bins too."""
    start = draw(places(len(sequence), size))
    lost = draw(st.one_of(st.integers(0, 5), st.sampled_from([size, 2 * size, size - 1])))
    ref = sequence[start : start + lost]
    if draw(st.booleans()):
        gained = len(ref)
    else:
        gained = draw(st.one_of(st.integers(0, 5), st.sampled_from([size, 2 * size, len(ref) + size])))
    alt = draw(st.text("ACGTN", min_size=gained, max_size=gained))
    return Edit(start, ref, alt) if ref or alt else Edit(start, sequence[start], "T")


@st.composite
def haplotypes(draw: st.DrawFn, sequence: str, size: int) -> list[Edit]:
    """One edit, or a few that do not touch."""
    found: list[Edit] = []
    for edit in draw(st.lists(one_edit(sequence, size), min_size=1, max_size=3)):
        if all(edit.stop < other.start or other.stop < edit.start for other in found):
            found.append(edit)
    return found


@st.composite
def questions(draw: st.DrawFn) -> tuple[int, str, list[list[Edit]], str, str]:
    seed = draw(st.integers(0, MODELS - 1))
    size = size_of(model(seed))
    sequence = letters(size * draw(st.integers(2, 24)), seed=draw(st.integers(0, 3)), unknown=0.02)
    edits = draw(st.lists(haplotypes(sequence, size), min_size=1, max_size=4))
    flank = letters(draw(st.integers(0, 3 * size)), seed=9)
    return seed, sequence, edits, flank, draw(st.sampled_from(["all", "one", "some"]))


def apart(found: np.ndarray, wanted: np.ndarray, scale: float) -> float:
    assert found.shape == wanted.shape
    return float(np.abs(found.astype(np.float64) - wanted).max(initial=0) / scale)


@QUIET
@given(questions())
def test_edited_windows_equal_the_reference(question):
    seed, sequence, edits, flank, shown = question
    module = model(seed)
    engine = EnformerEngine(module, precision="fp32")
    bins = len(sequence) // size_of(module)
    numbers = {"all": list(range(bins)), "one": [bins // 2], "some": sorted({bins - 1, 0, bins // 3})[::-1]}[shown]
    tracks = None if shown == "all" else [1, 0]
    columns = slice(None) if tracks is None else tracks
    asked = [edits[0][0] if len(edits[0]) == 1 else tuple(edits[0]), *map(tuple, edits[1:])]
    found = engine.predict_edits(sequence, asked, tracks=tracks, bins=numbers, flank=flank)
    plain = reference(module, sequence)
    scale = np.ptp(plain)
    assert apart(found.reference, plain[numbers][:, columns], scale) < 1e-5
    for several, values in zip(edits, found.alternatives, strict=True):
        read = naive(sequence, several, flank)
        wanted = reference(module, read)
        assert apart(values, wanted[numbers][:, columns], max(scale, np.ptp(wanted))) < 1e-5
        if read == sequence:
            np.testing.assert_array_equal(values, found.reference)
    # In another order, and one by one, on an engine that knows nothing.
    run = EnformerEngine(module, precision="fp32").iter_edits(
        sequence, asked[::-1], tracks=tracks, bins=numbers, flank=flank
    )
    for values, wanted in zip([values for _, values in run][::-1], found.alternatives, strict=True):
        assert apart(values, wanted, scale) < 2e-6
    # Asked again, all is known.
    again = engine.predict_edits(sequence, asked, tracks=tracks, bins=numbers, flank=flank)
    assert (again.reused, again.reference_reused) == (1, 1)
    assert apart(again.alternatives, found.alternatives, scale) < 2e-6


@QUIET
@given(st.integers(0, MODELS - 1), st.data())
def test_windows_that_share_letters_equal_the_reference(seed, data):
    module = model(seed)
    size = size_of(module)
    engine = EnformerEngine(module, precision="fp32")
    bins = data.draw(st.sampled_from([64, 10_000, 0]), label="bins kept")
    engine.reuse = TowerReuse(engine.parts, 4 * engine.parts.width * bins)
    chromosome = letters(size * 40, seed=seed, unknown=0.01)
    window = st.tuples(st.integers(0, 30), st.integers(1, 20), st.booleans(), st.sampled_from([0, 0, 0, 1, size // 2]))
    for first, count, other_strand, moved in data.draw(st.lists(window, min_size=2, max_size=6), label="windows"):
        start = size * first + moved
        sequence = chromosome[start : start + size * count]
        sequence = sequence[: len(sequence) // size * size]
        if other_strand:
            sequence = reverse_complement(sequence)
        wanted = reference(module, sequence)
        found = engine.predict(sequence, target_length=-1)
        assert apart(found.values, wanted, max(np.ptp(wanted), 1e-3)) < 1e-5
        assert 0 <= found.reused <= 1
        assert engine.reuse.rows.nbytes <= 4 * engine.parts.width * bins
        peer = module.conv_tower(module.stem(_tensor(sequence))).transpose(1, 2)[0].numpy()
        assert apart(engine.tower(sequence), peer, np.ptp(peer)) < 1e-5


def _tensor(sequence: str) -> torch.Tensor:
    from core.genome import one_hot

    return torch.from_numpy(one_hot(sequence)).T[None]


@QUIET
@example(0, 0, "A")
@given(st.integers(0, MODELS - 1), st.integers(0, 10**6), st.sampled_from("ACGTN"))
def test_keys_change_where_the_tower_does(seed, place, base):
    module = model(seed)
    size = size_of(module)
    reuse = TowerReuse(EnformerEngine(module, precision="fp32").parts)
    sequence = letters(size * 21, seed=seed, unknown=0)
    place %= len(sequence)
    other = sequence[:place] + base + sequence[place + 1 :]
    before, after = reuse.read(sequence), reuse.read(other)
    tower = [module.conv_tower(module.stem(_tensor(one))).transpose(1, 2)[0].numpy() for one in (sequence, other)]
    differ = np.abs(tower[0] - tower[1]).max(axis=1) > 1e-6 * np.ptp(tower[0])
    keys = np.array([one != two for one, two in zip(before.keys, after.keys, strict=True)])
    assert not (differ & ~keys).any(), "a bin changed whose key did not"
    assert keys.any() == (other != sequence)
    assert reuse.read(other, _known(before)).keys == after.keys


def _known(reading):
    from core.enformer.reuse import Known

    return Known.of(reading, torch.empty(0))
