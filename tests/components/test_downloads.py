"""Files that people take away."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd

from components.downloads import attention_csv, attention_npz, attention_table, file_stem, npz_bytes
from core.language.maps import MapOptions, attention_map
from tests.core.language.test_values import result_of


def result():
    rng = np.random.default_rng(0)
    allowed = np.tril(np.ones((4, 4), dtype=bool))
    return result_of(rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 4, 5)), allowed=allowed)


def test_csv_gives_the_float32_weights_back_exactly():
    r = result()
    table = pd.read_csv(io.BytesIO(attention_csv(r, (1,), 2)))
    weights = table.pivot(index="query", columns="key", values="weight").to_numpy().astype(np.float32)
    np.testing.assert_array_equal(weights, r.head(1, 2))
    assert set(table["model"]) == {"toy"}
    assert set(table["layer"]) == {1}


def test_the_mask_is_a_column():
    table = attention_table(result(), (0,), 0)
    assert table["masked"].sum() == 6
    assert (table.loc[table["masked"], "weight"] == 0).all()


def test_file_names_are_safe():
    assert file_stem(result(), (1,), 2) == "attention-toy-layer1-head2"
    assert file_stem(result(), (0, 1), 2) == "attention-toy-layer0-1-head2"


def test_four_depths_are_in_one_file():
    table = attention_table(result(), (0, 1), 2)
    assert table.groupby("layer").size().to_dict() == {0: 16, 1: 16}
    np.testing.assert_array_equal(table.loc[table["layer"] == 1, "weight"], result().head(1, 2).ravel())


def test_the_file_holds_what_is_shown():
    options = MapOptions(hide_sink=True)
    table = attention_table(result(), (0,), "mean", options)
    shown = attention_map(result(), 0, "mean", options)
    np.testing.assert_array_equal(table["weight"], shown.weights.ravel())
    assert set(table["measure"]) == {shown.unit}
    assert set(table["head"]) == {"mean"}
    assert file_stem(result(), (0,), "mean", options) == "attention-toy-layer0-headmean-nosink"


def test_npz_holds_all_heads_and_needs_no_pickle():
    r = result()
    with np.load(io.BytesIO(attention_npz(r)), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["weights"], r.weights)
        assert file["key_tokens"].tolist() == list(r.tokens)
        np.testing.assert_array_equal(file["allowed"], r.allowed)
        told = json.loads(str(file["provenance"]))
    assert (told["model"], told["weights_kind"], told["heads_off"]) == ("toy", "random", [])
    assert npz_bytes(r) == r.weights.nbytes
