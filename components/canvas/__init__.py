"""What our canvas components share: how they are mounted, their words, and the browser code that comes first.

A component is a folder with its own HTML, CSS and scripts. Its browser code is one JavaScript module: the scripts
here, then its own, which call them; so no name may be given twice. Its HTML is one element of class `picture` that
holds a `.figure` of two canvases (`.base`, `.overlay`) and `.downloads`, a `.tooltip`, and an `aria-live` text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
# Later files use the functions of earlier ones.
SHARED_SCRIPTS = ("words.js", "shapes.js", "colours.js", "paint.js", "svg.js", "stage.js")
SHARED_STYLES = "canvas.css"


def browser_code(folder: Path, scripts: Sequence[str]) -> str:
    """The JavaScript of the component in `folder`, one module: the shared scripts, then its own in their order."""
    paths = [HERE / name for name in SHARED_SCRIPTS] + [folder / name for name in scripts]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def styles(folder: Path, css: str) -> str:
    """The shared CSS, then the component's own, which may say more or otherwise."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (HERE / SHARED_STYLES, folder / css))


def component(name: str, folder: Path, *, html: str, css: str, scripts: Sequence[str]) -> Callable[..., Any]:
    """Register the component whose files lie in `folder`; call once, as a module is imported.

    Parameters
    ----------
    name : unique among the app's components.
    html, css, scripts : names of files in `folder`; the last script has the default export.

    Returns
    -------
    Callable
        What puts it on the page, as `st.components.v2.component` returns it.
    """
    page = (folder / html).read_text(encoding="utf-8")
    return st.components.v2.component(name, html=page, css=styles(folder, css), js=browser_code(folder, scripts))
