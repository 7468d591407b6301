"""The Python that makes what is seen runs as shown, and makes the same."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from components.tracks.recipe import FileUse, TracksRecipe, python_recipe
from core.enformer import EnformerEngine
from core.enformer.averaging import Averaging, window_with_flanks
from core.enformer.models import load_model
from core.enformer.states import call_states, rule_for, state_regions
from core.genome import Interval, open_genome
from core.genome.signal import BigWig
from core.genome.signals import pearson
from core.settings import ROOT
from core.teaching.playground.files import playground_elements, playground_signal
from core.teaching.playground.world import world


def run(folder: Path, script: str, **environment: str) -> str:
    """What a script prints that is run "in this app's folder"."""
    (folder / "tracks.py").write_text(script)
    for name in ("core", "assets"):
        (folder / name).symlink_to(ROOT / name)
    ran = subprocess.run(
        [sys.executable, "tracks.py"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("averaged", [False, True])
def test_it_runs(tmp_path, averaged):
    rng = np.random.default_rng(0)
    (tmp_path / "toy.fa").write_text(">chr1\n" + "".join(rng.choice(list("ACGT"), 40_000)) + "\n")
    window, tracks = ("chr1", -500, 32_268), (5, 1)
    averaging = Averaging(averaged, (2,) if averaged else ())
    recipe = TracksRecipe(
        "untrained", "toy.fa", (window,), "human", tracks, averaging.reverse_complement, averaging.shifts
    )  # fmt: skip
    run(tmp_path, python_recipe(recipe) + "np.save('found.npy', values)\n")
    place = Interval(*window)
    sequence, flanks = window_with_flanks(open_genome(tmp_path / "toy.fa"), place, averaging)
    engine = EnformerEngine(load_model("untrained"))
    found = engine.predict(sequence, tracks=tracks, interval=place, averaging=averaging, flanks=flanks)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), found.values, atol=1e-5)
    assert (tmp_path / "tracks.html").stat().st_size > 10_000


def test_all_that_can_be_seen_at_once(tmp_path):
    """Two windows, truth, a difference, measured signal over tracks and by itself, regions, states."""
    origin, tracks = "playground: simulated genome", (7, 0, 6)
    windows = (("sim1", -8_192, 40_960), ("sim1", 24_576, 73_728))
    (tmp_path / "own.bw").write_bytes(playground_signal("CAGE:liver").read_bytes())
    (tmp_path / "own.bed.gz").write_bytes(playground_elements().read_bytes())
    states = tmp_path / "states.bed"
    states.write_text("sim1\t11000\t15000\tE\t0\t.\t11000\t15000\t250,202,0\n")
    recipe = TracksRecipe(
        "playground", "playground", windows, "human", tracks, origin=origin, truth=tracks, seen=(10_000, 50_000),
        differences=((7, 6),),
        files=(
            FileUse("DNase", "simulated", "DNASE:erythroid", over=0),
            FileUse("K{1}'s own", "own", "own.bw"),
            FileUse("mine", "setting", "signal:mine"),
            FileUse("elements", "own", "own.bed.gz", regions=True),
            FileUse("states", "setting", "regions:states", regions=True),
        ),
        states=("liver",), anchor=("sim1", 100_000, 149_152),
    )  # fmt: skip
    kept = (
        "np.savez('kept.npz', values=values, truth=truth, measured=measured[0], seen=seen, own=rows[4][2],"
        " difference=rows[3][2])\n"
        "with open('kept.txt', 'w') as file:\n"
        "    for title, regions in lanes:\n"
        "        places = [(region.name, region.interval.start, region.interval.end) for region in regions]\n"
        "        print(title, len(regions), *places, file=file)\n"
    )
    said = run(
        tmp_path, python_recipe(recipe) + kept, ATTENDOME_SIGNALS=f"mine={playground_signal('CHIP:CTCF')}",
        ATTENDOME_REGIONS=f"states={states}",
    )  # fmt: skip
    model = load_model("playground")
    engine = EnformerEngine(model)
    parts = [engine.predict(world().genome.fetch(Interval(*w)), interval=Interval(*w)) for w in windows]
    kept = np.load(tmp_path / "kept.npz")
    values = np.concatenate([part.values[:, list(tracks)] for part in parts])
    np.testing.assert_allclose(kept["values"], values, atol=1e-4)
    starts = parts[0].interval.start + 128 * np.arange(len(values))
    assert parts[0].interval.end == parts[1].interval.start
    np.testing.assert_array_equal(kept["seen"], (starts + 64 >= 10_000) & (starts + 64 < 50_000))
    np.testing.assert_allclose(kept["difference"], values[:, 0] - values[:, 2], atol=1e-4)
    signal = BigWig(playground_signal("DNASE:erythroid"))
    measured = np.concatenate([signal.means(part.interval, part.bins) for part in parts])
    np.testing.assert_array_equal(kept["measured"], measured)
    seen = kept["seen"]
    r = pearson(values[seen, 1], measured[seen])
    assert r > 0.9
    assert f", measured: r = {r:.3f}" in said
    assert len([line for line in said.splitlines() if ": r = " in line]) == 4
    # 40,000 bp are read in bins of 32 bp, from the first that begins at or before what is seen.
    own = BigWig(playground_signal("CAGE:liver")).means(Interval("sim1", 9_984, 50_016), 1_251)
    np.testing.assert_array_equal(kept["own"], own)
    anchor = engine.predict(world().genome.fetch(Interval(*recipe.anchor)), interval=Interval(*recipe.anchor))
    rule = rule_for(model.tables["human"], "liver", anchor)
    expected = [
        (region.name, region.interval.start, region.interval.end)
        for part in parts
        for region in state_regions(call_states(rule, part), "sim1", part.interval.start, 128, 800_000)
    ]
    lanes = (tmp_path / "kept.txt").read_text().splitlines()
    assert [line.split(" ", 1)[0] for line in lanes] == ["elements", "states", "States,"]
    assert not lanes[1].endswith("states 0")
    assert lanes[2] == " ".join(map(str, ("States, liver (predicted)", len(expected), *expected)))
    page = (tmp_path / "tracks.html").read_text()
    assert origin in page
    assert page.count('"color":"black"') == 3  # truth over two tracks, measured over one
    assert "rgb(250, 202, 0)" in page


def test_the_truth_is_in_the_python_too(tmp_path):
    tracks, truth, origin = (0, 7), (0, 7), "playground: simulated genome"
    window = ("sim1", -20_000, 29_152)
    recipe = TracksRecipe("playground", "playground", (window,), "human", tracks, origin=origin, truth=truth)
    said = run(tmp_path, python_recipe(recipe) + "np.save('truth.npy', truth)\nnp.save('found.npy', values)\n")
    place = Interval(*window)
    model = load_model("playground")
    found = EnformerEngine(model).predict(world().genome.fetch(place), tracks=tracks, interval=place)
    expected = world().truth(found.interval)[:, [0, 7]]
    np.testing.assert_array_equal(np.load(tmp_path / "truth.npy"), expected)
    here = found.interval.start + 128 * np.arange(found.bins) > -128
    assert 0 < here.sum() < found.bins
    for number, line in enumerate(said.splitlines()):
        r = np.corrcoef(found.values[here, number], expected[here, number])[0, 1]
        assert line.startswith(found.tracks[number].label)
        assert float(line.rpartition(" = ")[2]) == pytest.approx(r, abs=0.0011)
    page = (tmp_path / "tracks.html").read_text()
    assert origin in page
    assert page.count('"color":"black"') == 2


def test_what_a_person_typed_never_becomes_code():
    evil = "x'); import os; os.remove('y"
    recipe = TracksRecipe(
        "m", "my{genome}.fa", (("chr{1}", 0, 128),), "human", (0,),
        files=(FileUse(evil, "own", evil), FileUse(evil, "own", evil, regions=True), FileUse("a", "own", evil, over=0)),
        states=(evil,),
    )  # fmt: skip
    script = python_recipe(recipe)
    assert "open_genome('my{genome}.fa')" in script
    assert "Interval('chr{1}', 0, 128)" in script
    tree = ast.parse(script)
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not any(name in ("os.remove", "exec", "eval") for name in called)
    assert evil in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} == {"numpy"}
