"""The rules of the house, read from the source; each rule is also shown to fail on a made-up bad example."""

from __future__ import annotations

import ast
import functools
import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("core", "components", "dashboard")
MAX_LINES = 350
MAX_APP_LINES = 60
MAX_FILE_BYTES = 25_000_000
MODEL_LIBRARIES = {"torch", "transformers", "enformer_pytorch", "safetensors"}
# Which top-level packages a room must not import. Lazy imports inside functions count too.
EVERYWHERE = {"tests", "pickle", "dill"}
CLOSED_DOORS = {
    "core": {"components", "dashboard", "streamlit"} | EVERYWHERE,
    "components": {"dashboard"} | MODEL_LIBRARIES | EVERYWHERE,
    "dashboard": MODEL_LIBRARIES | EVERYWHERE,
}
RUNTIMES = (
    *("", "_dna", "_attention", "_signals", "_whole", "_contributions", "_enhancers", "_effects", "_motifs", "_scores"),
)
ALLOWED = {(f"core/runtime{name}.py", "streamlit") for name in RUNTIMES}
DYNAMIC_IMPORTS = {"__import__", "import_module", "importlib.import_module"}
UNSAFE_KEYWORDS = {"unsafe_allow_html", "unsafe_allow_javascript", "trust_remote_code", "allow_pickle"}
UNSAFE_CALLS = {"eval", "exec", "pickle.load", "pickle.loads", "joblib.load", "pd.read_pickle", "pandas.read_pickle"}
SAFETY = {
    "server": {"address": "127.0.0.1", "enableXsrfProtection": True, "enableCORS": True},
    "client": {"showErrorDetails": "none"},
    "browser": {"gatherUsageStats": False},
}
# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.:/~<>$}-])/(?:work|root|Users)/\w")


@functools.cache
def files() -> tuple[Path, ...]:
    """Tracked files and new ones that git does not ignore; without git, everything but folders that tools make."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listing.returncode == 0:
        found = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    else:
        made = {".venv", ".git", "build", "__pycache__", ".pytest_cache", ".ruff_cache"}
        found = [path for path in ROOT.rglob("*") if not made & set(path.relative_to(ROOT).parts)]
    return tuple(path for path in found if path.is_file())


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules(*rooms: str) -> list[tuple[str, str]]:
    """(name, source) of each Python file in the rooms."""
    found = [(relative(path), path) for path in files() if path.suffix == ".py"]
    return [(name, path.read_text(encoding="utf-8")) for name, path in found if name.split("/")[0] in rooms]


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def is_constant(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def imported(name: str, source: str) -> Iterator[tuple[int, str]]:
    """(line, top-level package) of each import, relative and dynamic ones with a literal name included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, name.split("/")[0] if node.level else (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and dotted(node.func) in DYNAMIC_IMPORTS and node.args:
            literal = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
            yield node.lineno, str(literal).split(".")[0]


def wrong_arrows(name: str, source: str) -> list[str]:
    closed = CLOSED_DOORS[name.split("/")[0]]
    return [
        f"{name}:{line} imports {package}"
        for line, package in imported(name, source)
        if package in closed and (name, package) not in ALLOWED
    ]


def unsafe_code(name: str, source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        unsafe = {key for key, value in keywords.items() if key in UNSAFE_KEYWORDS and not is_constant(value, False)}
        found += [f"{name}:{node.lineno} {key}" for key in sorted(unsafe)]
        called = dotted(node.func)
        if called in UNSAFE_CALLS:
            found.append(f"{name}:{node.lineno} {called}()")
        elif called == "torch.load" and not is_constant(keywords.get("weights_only"), True):
            found.append(f"{name}:{node.lineno} torch.load() without weights_only=True")
    return found


def too_long(name: str, source: str) -> list[str]:
    lines, limit = len(source.splitlines()), MAX_APP_LINES - 1 if name == "dashboard/app.py" else MAX_LINES
    return [f"{name} has {lines} lines, at most {limit} are allowed"] if lines > limit else []


def undocumented(name: str, source: str) -> list[str]:
    private = any(part.startswith("_") for part in Path(name).with_suffix("").parts if part != "__init__")
    return [] if private or not source.strip() or ast.get_docstring(ast.parse(source)) else [f"{name} has no docstring"]


def machine_paths(name: str, text: str) -> list[str]:
    return [f"{name}:{n} {line.strip()}" for n, line in enumerate(text.splitlines(), 1) if MACHINE_PATH.search(line)]


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copies(ours: list[Path], theirs: list[Path]) -> list[str]:
    """Non-empty files of ours with the content of one of theirs; only files of equal size are read."""
    sizes = {path.stat().st_size for path in theirs} - {0}
    same_size = [path for path in ours if path.stat().st_size in sizes]
    wanted = {path.stat().st_size for path in same_size}
    known = {digest(path): path for path in theirs if path.stat().st_size in wanted}
    return [f"{path} is {known[digest(path)]}" for path in same_size if digest(path) in known]


def contrast(first: str, second: str) -> float:
    """Source: WCAG 2.2, relative luminance and contrast ratio of two "#RRGGBB" colours."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def faint(theme: dict[str, str], accent: float) -> list[str]:
    pairs = [("textColor", 7.0), ("linkColor", 4.5), ("codeTextColor", 4.5), ("primaryColor", accent)]
    surfaces = [theme["backgroundColor"], theme["secondaryBackgroundColor"]]
    found = [
        f"{key} {theme[key]} on {surface}: {contrast(theme[key], surface):.2f}"
        for key, least in pairs
        for surface in surfaces
        if contrast(theme[key], surface) < least
    ]
    white_label = contrast("#FFFFFF", theme["primaryColor"])
    return found + ([f"a white label on {theme['primaryColor']}: {white_label:.2f}"] if white_label < 4.5 else [])


def missing_safety(config: dict[str, dict[str, object]]) -> list[str]:
    return [
        f"{section}.{key} has to be {value!r}"
        for section, options in SAFETY.items()
        for key, value in options.items()
        if config.get(section, {}).get(key) != value
    ]


def unknown_options(table: dict, known: set[str], prefix: str = "") -> list[str]:
    """Options that Streamlit would drop with a warning that nobody reads."""
    found = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += unknown_options(value, known, f"{prefix}{key}.")
        elif f"{prefix}{key}" not in known:
            found.append(f"{prefix}{key}")
    return found


@functools.cache
def streamlit_config() -> dict:
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("check", [wrong_arrows, unsafe_code, too_long], ids=lambda check: check.__name__)
def test_rooms(check) -> None:
    assert not [problem for name, source in modules(*ROOMS) for problem in check(name, source)]


def test_core_is_documented() -> None:
    assert not [problem for name, source in modules("core") for problem in undocumented(name, source)]


def test_core_runs_without_streamlit() -> None:
    names = [name.removesuffix("/__init__.py").removesuffix(".py") for name, _ in modules("core")]
    left_out = {name.removesuffix(".py") for name, _ in ALLOWED}
    public = [name.replace("/", ".") for name in names if name not in left_out and not name.endswith("__main__")]
    code = f"import importlib, sys\nfor name in {public!r}: importlib.import_module(name)\n"
    code += "sys.exit('streamlit was imported' if 'streamlit' in sys.modules else 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_machine_paths() -> None:
    found = []
    for path in files():
        data = path.read_bytes() if path.stat().st_size < 2_000_000 else b"\0"
        if b"\0" not in data:
            found += machine_paths(relative(path), data.decode("utf-8", errors="replace"))
    assert not found


def test_set_up_names_no_registry() -> None:
    names = ["Makefile", ".ci/run", "constraints.txt", *sorted(path.name for path in ROOT.glob("requirements*.txt"))]
    forbidden = re.compile(r"index-url|find-links|trusted-host|\w://")
    assert not [name for name in names if forbidden.search((ROOT / name).read_text(encoding="utf-8"))]


def test_no_huge_file() -> None:
    assert not [relative(path) for path in files() if path.stat().st_size > MAX_FILE_BYTES]


def test_no_test_data_inside(test_data: Path) -> None:
    assert not copies(list(files()), [path for path in test_data.rglob("*") if path.is_file()])


def test_streamlit_is_set_up_safely() -> None:
    assert not missing_safety(streamlit_config())
    assert streamlit_config()["server"]["maxUploadSize"] <= 50


def test_streamlit_knows_every_option() -> None:
    from streamlit import config

    assert not unknown_options(streamlit_config(), set(config.get_config_options()))
    assert unknown_options({"theme": {"light": {"primaryColour": "#0B6B74"}}}, {"theme.light.primaryColor"})


@pytest.mark.parametrize(("mode", "accent"), [("light", 4.5), ("dark", 3.0)])
def test_colours_can_be_read(mode: str, accent: float) -> None:
    theme = streamlit_config()["theme"][mode]
    assert not faint(theme, accent)
    assert not faint(theme["sidebar"], accent)
    assert [len(theme[key]) for key in ("chartSequentialColors", "chartDivergingColors")] == [10, 10]
    assert min(contrast(colour, theme["backgroundColor"]) for colour in theme["chartCategoricalColors"]) >= 3


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core/bad.py", "import components.style"),
        ("core/bad.py", "from dashboard import app"),
        ("core/bad.py", "def late():\n    import streamlit.runtime as st"),
        ("core/language/runtime.py", "import streamlit"),
        ("core/bad.py", "importlib.import_module('streamlit')"),
        ("components/bad.py", "from dashboard.views import text"),
        ("components/bad.py", "from torch.nn import functional"),
        ("dashboard/views/bad.py", "import torch"),
    ],
)
def test_wrong_arrows_are_found(name: str, source: str) -> None:
    assert len(wrong_arrows(name, source)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core/runtime.py", "import streamlit"),
        ("core/good.py", "import torch"),
        ("components/good.py", "from core.errors import AttendomeError\nimport streamlit"),
        ("dashboard/good.py", "from . import other\nimport components.style"),
    ],
)
def test_right_arrows_pass(name: str, source: str) -> None:
    assert not wrong_arrows(name, source)


@pytest.mark.parametrize(
    "source",
    [
        "st.markdown(text, unsafe_allow_html=True)",
        "st.markdown(text, unsafe_allow_html=allowed)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
        "numpy.load(path, allow_pickle=True)",
        "pickle.load(file)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "eval('1 + 1')",
        "exec(code)",
    ],
)
def test_unsafe_code_is_found(source: str) -> None:
    assert len(unsafe_code("core/bad.py", source)) == 1


@pytest.mark.parametrize(
    "source", ["torch.load(path, weights_only=True)", "model.eval()", "st.markdown(t, unsafe_allow_html=False)"]
)
def test_safe_code_passes(source: str) -> None:
    assert not unsafe_code("core/good.py", source)


def test_other_checks_can_fail(tmp_path: Path) -> None:
    assert too_long("core/bad.py", "pass\n" * 351)
    assert not too_long("core/good.py", "pass\n" * 350)
    assert too_long("dashboard/app.py", "pass\n" * 60)
    assert undocumented("core/bad.py", "x = 1")
    assert not undocumented("core/__init__.py", "")
    assert machine_paths("README.md", "see " + "/work" + "/main")
    assert not machine_paths("README.md", "the framework/model and https://example.org/work" + "/main")
    (tmp_path / "ours").write_text("ACGT")
    (tmp_path / "theirs").write_text("ACGT")
    assert copies([tmp_path / "ours"], [tmp_path / "theirs"])
    (tmp_path / "ours").write_text("ACGA")
    assert not copies([tmp_path / "ours"], [tmp_path / "theirs"])
    assert missing_safety({"server": {"address": "0.0.0.0"}})
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert faint(streamlit_config()["theme"]["light"] | {"linkColor": "#7FB8BD"}, 4.5)
