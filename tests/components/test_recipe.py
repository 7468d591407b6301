"""The Python that makes a picture runs as shown and makes that picture."""

from __future__ import annotations

import ast
import subprocess
import sys

import numpy as np
import pytest

from components.attention import attention_payload
from components.recipe import Recipe, Run, python_recipe
from core.language import attention, load_model
from core.language.compare import compare_maps
from core.language.maps import MapOptions, attention_map, layer_maps
from core.settings import ROOT

IT = "The animal didn't cross the street because it was too tired."
WIDE = IT.replace("tired", "wide")


def run(recipe: Recipe, folder, more: str) -> np.ndarray:
    """The script, saved and started as the page says; `more` saves something of it."""
    script = folder / "picture.py"
    script.write_text(python_recipe(recipe) + f"np.save('found.npy', {more})\n")
    for name in ("core", "assets"):  # "in this app's folder"
        (folder / name).symlink_to(ROOT / name)
    ran = subprocess.run(
        [sys.executable, "picture.py"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return np.load(folder / "found.npy")


def test_depths_with_every_switch(tmp_path):
    text, off = 'He said "hi"\n\\ {x}', ((0, 1), (2, 0))
    options = MapOptions("norm", True, True)
    recipe = Recipe("heads", Run("storybook-gpt", text, without=off), (0, 2), "mean", options, "log")
    found = run(recipe, tmp_path, "shown.weights")
    result = attention(load_model("storybook-gpt"), text, without=off)
    np.testing.assert_allclose(found, attention_map(result, 2, "mean", options).weights, atol=5e-6, rtol=0)
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["attention-layer-0.html", "attention-layer-2.html"]


def test_colours_end_where_the_page_ends_them(tmp_path):
    recipe = Recipe("heads", Run("storybook-gpt", IT), (2,), 3, scale="largest")
    found = run(recipe, tmp_path, "heatmap.zmax")
    page = attention_payload(attention(load_model("storybook-gpt"), IT), (2,), 3, scale="largest")
    assert float(found) == pytest.approx(page["scale_max"], abs=1e-5)


def test_all_heads(tmp_path):
    options = MapOptions(by_word=True)
    found = run(Recipe("grid", Run("minilm", IT), ("all",), "all", options), tmp_path, "layers[3]")
    np.testing.assert_allclose(found, layer_maps(attention(load_model("minilm"), IT), 3, options), atol=1e-6, rtol=0)
    assert (tmp_path / "attention-all-heads.html").exists()


def test_a_difference(tmp_path):
    recipe = Recipe("difference", Run("minilm", IT), (3,), 1, second=Run("minilm", WIDE), second_head=(3, 1))
    found = run(recipe, tmp_path, "found.difference")
    model = load_model("minilm")
    ours = compare_maps(attention(model, IT), attention(model, WIDE), (3, 1), (3, 1))
    np.testing.assert_allclose(found, ours.difference, atol=1e-6, rtol=0)
    assert (tmp_path / "attention-difference.html").exists()


@pytest.mark.parametrize("text", ["'''", '"); import os; os.system("x") #', "a\nb\\", "{0}", "👩‍🔬"])
def test_a_text_stays_a_text(text):
    tree = ast.parse(python_recipe(Recipe("heads", Run("minilm", text), (0,), 0)))
    literals = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert text in literals
    assert not any(isinstance(node, ast.Attribute) and node.attr == "system" for node in ast.walk(tree))
