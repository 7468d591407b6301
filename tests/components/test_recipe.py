"""The Python that makes a picture runs as shown and makes that picture."""

from __future__ import annotations

import ast
import subprocess
import sys

import numpy as np
import pytest

from components.recipe import Recipe, python_recipe
from core.language import attention, load_model
from core.language.maps import MapOptions, attention_map
from core.settings import ROOT

IT = "The animal didn't cross the street because it was too tired."
RECIPES = {
    "plain": Recipe("minilm", IT, (3,), 1),
    "everything": Recipe(
        "storybook-gpt", 'He said "hi"\n\\ {x}', (0, 2), "mean", MapOptions("norm", True, True), None, None,
        ((0, 1), (2, 0)), "log",
    ),
    "rollout": Recipe("storybook-gpt", IT, ("max",), 0, MapOptions("rollout"), scale="largest"),
}  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_the_script_runs_as_shown(name, tmp_path):
    recipe = RECIPES[name]
    script = tmp_path / "picture.py"
    script.write_text(python_recipe(recipe) + "np.save('shown.npy', shown.weights)\n")
    ran = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    made = sorted(path.name for path in tmp_path.glob("*.html"))
    assert made == sorted(f"attention-layer-{layer}.html" for layer in recipe.layers)
    result = attention(load_model(recipe.model), recipe.text, without=recipe.without)
    expected = attention_map(result, recipe.layers[-1], recipe.head, recipe.options)
    np.testing.assert_allclose(np.load(tmp_path / "shown.npy"), expected.weights, atol=1e-6, rtol=0)


@pytest.mark.parametrize("text", ["'''", '"); import os; os.system("x") #', "a\nb\\", "{0}", "👩‍🔬"])
def test_a_text_stays_a_text(text):
    tree = ast.parse(python_recipe(Recipe("minilm", text, (0,), 0)))
    literals = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert text in literals
    assert not any(isinstance(node, ast.Attribute) and node.attr == "system" for node in ast.walk(tree))
