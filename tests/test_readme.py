"""The README's Python runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys

from core.settings import ROOT


def test_the_examples_run(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    checks = "assert result.head(3, 1)[result.tokens.index('it')].argmax() == 2 and len(scores) == 72\n"
    checks += "assert tracks.values.shape == (256, 12) and tracks.interval.locus == 'sim4:508,289-541,056'\n"
    script = tmp_path / "examples.py"
    script.write_text("\n".join(blocks) + checks)
    ran = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
