"""`python -m core.effects score`: the same scores without the app, killed and resumed, refused with words."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.effects import score_variants
from core.effects.command import DONE, FAILED, NOTHING, STOPPED, _numbers, main
from core.enformer import EnformerEngine, load_model
from core.genome import Variant, open_genome
from core.teaching.playground.effect_truth import true_variants, variants_of
from tests.conftest import ROOT

PLAYGROUND = ("--genome", "playground", "--model", "playground")


def vcf_of(variants: list[Variant]) -> str:
    rows = [f"{one.chrom}\t{one.position}\t.\t{one.ref}\t{one.alt}\t.\t.\t." for one in variants]
    return "\n".join(["##fileformat=VCFv4.3", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", *rows]) + "\n"


@pytest.fixture
def variants() -> list[Variant]:
    return list(variants_of(true_variants().iloc[200:220]))


def run(folder: Path, *more: str, given: str = "in.vcf", out: str = "out.tsv") -> int:
    return main(["score", str(folder / given), "--out", str(folder / out), *PLAYGROUND, *more])


def records_in(folder: Path) -> tuple[int, int]:
    """(whole records on disk, bytes of one) of an unfinished run."""
    from core.effects.journal import Plan

    plan = json.loads((folder / "plan.json").read_text())
    plan.pop("layout")
    size = Plan(**{**plan, "tracks": tuple(plan["tracks"])}).record.itemsize
    return (folder / "scores.bin").stat().st_size // size, size


def test_a_killed_process_loses_nothing(tmp_path: Path, variants: list[Variant], capsys):
    (tmp_path / "in.vcf").write_text(vcf_of(variants) + "sim4\t9\t.\tA\n")
    command = [sys.executable, "-m", "core.effects", "score", str(tmp_path / "in.vcf"), *PLAYGROUND]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "out.tsv"), "--tracks", "0-3"], cwd=ROOT, stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    folder, count = tmp_path / "out.tsv.unfinished", 0
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and count < 3:
        time.sleep(0.01)
        if (folder / "scores.bin").exists():
            count = records_in(folder)[0]
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    count, size = records_in(folder)
    assert 3 <= count < len(variants)
    before = (folder / "scores.bin").read_bytes()[: count * size]
    assert not (tmp_path / "out.tsv").exists()

    kept = []
    from core.effects import command as module

    original = module.write
    try:
        module.write = lambda scored, *a, **b: (
            kept.append((scored.kept.folder / "scores.bin").read_bytes()), original(scored, *a, **b)
        )  # fmt: skip
        assert run(tmp_path, "--tracks", "0-3") == DONE
    finally:
        module.write = original
    assert kept[0][: count * size] == before
    assert len(kept[0]) == len(variants) * size
    assert f"{count:,} were finished before" in capsys.readouterr().err
    assert not folder.exists()
    found = pd.read_csv(tmp_path / "out.tsv", sep="\t", comment="#")
    engine = EnformerEngine(load_model("playground"), precision="float32")
    wanted = score_variants(engine, open_genome("playground"), variants[:3], list(range(4)))
    np.testing.assert_allclose(found.local_effect[: 3 * 4], wanted.local_effect, atol=2e-5)
    rejected = pd.read_csv(tmp_path / "out.tsv.rejected.tsv", sep="\t")
    assert rejected.line.tolist() == [len(variants) + 3]


def test_stopped_by_a_signal_and_two_at_once(tmp_path: Path, variants: list[Variant], capsys, monkeypatch):
    (tmp_path / "in.vcf").write_text(vcf_of(variants[:4]))
    seen = []

    def stop(self, done: int, seconds: float | None) -> None:
        seen.append(done)
        assert run(tmp_path, "--quiet", "--tracks", "0") == FAILED  # the first one holds the folder
        monkeypatch.undo()
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("core.effects.command.Teller.progress", stop)
    assert run(tmp_path, "--quiet", "--tracks", "0") == STOPPED
    told = capsys.readouterr().err
    assert "Another process is scoring into out.tsv.unfinished" in told
    assert "give the same command to go on" in told
    assert (tmp_path / "out.tsv.unfinished").is_dir()
    assert run(tmp_path, "--quiet", "--tracks", "1") == FAILED
    assert "unfinished scores of other variants" in capsys.readouterr().err
    assert run(tmp_path, "--quiet", "--tracks", "1", "--fresh", "--genes", out="out.tsv") == DONE
    assert "gene" in pd.read_csv(tmp_path / "out.tsv", sep="\t", comment="#")


def test_nothing_to_score_and_bad_commands(tmp_path: Path, capsys):
    (tmp_path / "in.vcf").write_text(vcf_of([]))
    assert run(tmp_path, "--quiet") == NOTHING
    assert "no variant that can be" in capsys.readouterr().err
    assert run(tmp_path, "--quiet", given="gone.vcf") == FAILED
    assert run(tmp_path, "--quiet", out="out.xlsx") == FAILED
    assert run(tmp_path, "--quiet", out="nowhere/out.tsv") == FAILED
    assert run(tmp_path, "--quiet", out="in.vcf") == FAILED
    said = capsys.readouterr().err
    for words in ("cannot be opened", "has no ending", "There is no folder", "is the file that is read"):
        assert words in said
    with pytest.raises(SystemExit) as ended:
        main(["score", "x.vcf"])
    assert ended.value.code == 2
    with pytest.raises(SystemExit):
        run(tmp_path, "--tracks", "one")


def test_a_truncated_file_is_scored_as_far_as_it_goes(tmp_path: Path, variants: list[Variant], capsys):
    packed = gzip.compress(vcf_of(variants[:3] * 1).encode() + b"#" * 10, mtime=0)
    (tmp_path / "in.vcf.gz").write_bytes(packed[:-12])
    assert run(tmp_path, "--tracks", "2", given="in.vcf.gz", out="o.parquet") == DONE
    assert "cut short" in capsys.readouterr().err
    assert len(pd.read_parquet(tmp_path / "o.parquet")) >= 2


def test_tracks_as_people_write_them():
    assert _numbers("3,1-2,3") == (3, 1, 2)
