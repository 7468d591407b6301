"""What a benchmark found, as a table for people and JSON for machines."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Case:
    """One thing that was measured several times.

    Attributes
    ----------
    values : one number a run.
    unit : "s", "x" (a ratio), "MB" or "bytes".
    aim : the median should not be above this; None where nothing was promised.
    """

    group: str
    name: str
    unit: str
    values: tuple[float, ...]
    aim: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """For example "aim <= 6 s: met"."""
        if self.aim is None:
            return ""
        return f"aim <= {_number(self.aim, self.unit)}: {'met' if self.median <= self.aim else 'missed'}"

    def row(self) -> str:
        """A row of the Markdown table."""
        spread = f"{_number(min(self.values), self.unit)} – {_number(max(self.values), self.unit)}"
        if len(set(self.values)) == 1:
            spread = "always the same" if len(self.values) > 1 else "one run"
        return f"| {self.name} | {_number(self.median, self.unit)} | {spread} | {self.verdict} |"


def _number(value: float, unit: str) -> str:
    if unit == "bytes":
        return f"{value:,.0f} bytes"
    if unit == "s" and value < 0.1:
        return f"{1000 * value:.3g} ms"
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:,.0f} {unit}"


def table(cases: Sequence[Case]) -> str:
    """A Markdown table."""
    head = "| what | median | smallest – largest | aim |\n| --- | --- | --- | --- |"
    return "\n".join([head, *(case.row() for case in cases)])


def find_chromium() -> str | None:
    """Path of the system's Chromium."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    import psutil
    import torch

    chromium = find_chromium()
    version = (
        subprocess.run([chromium, "--version"], capture_output=True, text=True).stdout if chromium else "none here"
    )
    packages = ("torch", "transformers", "streamlit", "numpy")
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(terse=True),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
        "chromium": version.removeprefix("Chromium").split()[0],
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def write(path: Path, cases: Sequence[Case], described: dict[str, Any]) -> None:
    """Write the cases as JSON; groups that were not measured this time keep their earlier numbers."""
    groups: dict[str, Any] = {}
    if path.exists():
        groups = json.loads(path.read_text(encoding="utf-8")).get("groups", {})
    for group in {case.group for case in cases}:
        groups[group] = {
            "machine": described,
            "cases": [
                {
                    **{"name": case.name, "unit": case.unit, "median": case.median},
                    **{"values": case.values, "aim": case.aim, "verdict": case.verdict},
                }
                for case in cases
                if case.group == group
            ],
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"groups": groups}, indent=1), encoding="utf-8")
