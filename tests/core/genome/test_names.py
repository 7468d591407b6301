"""The names of `core.genome` that outside code uses, called as outside code calls them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import core.genome
from core.errors import SettingsError, UnknownGenomeError
from core.settings import ROOT, read_settings

SCRIPT = """
import sys
import core.genome
from core.genome import Interval, Variant, one_hot, open_genome

window = Interval("chr1", 10_000, 206_608)
assert Interval.parse("chr1:10,001-206,608") == window
assert (window.chrom, window.start, window.end) == ("chr1", 10_000, 206_608)
assert Variant.parse("chr1:14677:G:A").position == 14_677
genome = open_genome(sys.argv[1])
letters = genome.fetch(window)
assert isinstance(letters, str) and letters == letters.upper() and set(letters) == set("ACGT")
found = one_hot(letters)
assert found.shape == (196_608, 4) and found.dtype.name == "float32" and found.sum() == 196_608
genome.close()
heavy = {"torch", "streamlit", "pandas", "kipoiseq", "pysam", "transformers"} & set(sys.modules)
assert not heavy, heavy
"""


def test_public_names() -> None:
    assert {"Interval", "Variant", "open_genome", "one_hot"} <= set(core.genome.__all__)
    assert all(hasattr(core.genome, name) for name in core.genome.__all__)
    for function, names in [
        (core.genome.Interval, ["chrom", "start", "end"]),
        (core.genome.Interval.parse, ["text"]),
        (core.genome.Variant.parse, ["text"]),
        (core.genome.open_genome, ["path_or_name"]),
        (core.genome.one_hot, ["sequence"]),
        (core.genome.Reference.fetch, ["self", "interval"]),
    ]:
        parameters = list(inspect.signature(function).parameters.values())
        assert [p.name for p in parameters[: len(names)]] == names
        assert all(p.default is not p.empty for p in parameters[len(names) :])


@pytest.mark.parametrize("text", ["https://", "http://", "https://[::1", "https://a:b/x.fa", "https://a b/x.fa"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UnknownGenomeError, match="is no address of a file; give one such as https:"):
        core.genome.open_genome(text)
    for variable in ("ATTENDOME_GENOME", "ATTENDOME_HG38_URL"):
        with pytest.raises(SettingsError, match=f"{variable} is .* give an address that begins with https://"):
            read_settings({variable: text})


def test_from_outside(test_data: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(test_data / "genome" / "hg38_chr1_1mb.fa.gz")],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
