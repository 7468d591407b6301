"""Files of predicted tracks."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from components.tracks.downloads import file_stem, tracks_bedgraph, tracks_csv
from tests.components.tracks.made import ORIGIN, simulated, view


def test_csv_gives_the_float32_values_back_exactly_with_units_and_origin():
    shown = view(spread=True)
    table = pd.read_csv(io.BytesIO(tracks_csv(shown)))
    for index in (3, 7):
        rows = table[table["track"] == index]
        np.testing.assert_array_equal(rows["value"].to_numpy(np.float32), shown.found.column(index))
    assert (table["start"].min(), table["end"].max()) == (1280, 2048)
    assert set(table["spread"]) == {0.5}
    assert set(table["unit"]) == {track.unit for track in shown.tracks}
    assert set(table["weights_kind"]) == {"random"}
    assert set(table["assembly"]) == {"toy1"}


def test_bedgraph_counts_from_0_and_stays_on_the_chromosome():
    lines = tracks_bedgraph(view(-200)).decode().splitlines()
    heads = [line for line in lines if line.startswith("track ")]
    rows = [line.split("\t") for line in lines if line.startswith("chr1")]
    assert lines[0].startswith("# Toy <model> · random weights")
    assert [head.count('"') for head in heads] == [4, 4]
    assert "DNase K562 (3)" in heads[0]
    assert rows[0] == ["chr1", "0", "56", "1"]  # the bin from -72 to 56; the one before it lies outside
    assert rows[1] == ["chr1", "56", "184", "2"]
    assert len(rows) == 10
    ends = [int(row[2]) for row in tracks_bedgraph_rows(view(4700))]
    assert max(ends) == 5000


def tracks_bedgraph_rows(shown) -> list[list[str]]:
    return [line.split("\t") for line in tracks_bedgraph(shown).decode().splitlines() if line.startswith("chr1")]


def test_the_truth_and_the_word_simulated_are_in_the_files():
    shown = simulated()
    table = pd.read_csv(io.BytesIO(tracks_csv(shown)))
    np.testing.assert_array_equal(table[table["track"] == 3]["truth"], 2 * np.arange(6))
    assert set(table["origin"]) == {ORIGIN}
    lines = tracks_bedgraph(shown).decode().splitlines()
    heads = [line for line in lines if line.startswith("track ")]
    assert ORIGIN in lines[0]
    assert len(heads) == 4
    assert all(ORIGIN in head and head.count('"') == 4 for head in heads)
    assert 'name="DNase K562 (3), truth (the grammar)"' in heads[1]
    place = lines.index(heads[1])
    assert [line.split("\t")[3] for line in lines[place + 1 : place + 7]] == ["0", "2", "4", "6", "8", "10"]
    without = pd.read_csv(io.BytesIO(tracks_csv(simulated(truth=None))))
    assert "truth" not in without
    assert "origin" in without
    assert not {"truth", "origin"} & set(pd.read_csv(io.BytesIO(tracks_csv(view()))))


def test_logarithms_are_drawn_but_never_written():
    assert tracks_csv(view(logarithm=True)) == tracks_csv(view(logarithm=False))


def test_file_names_are_safe():
    assert file_stem(view()) == "tracks-toy-model-chr1-1281-2048"
    assert file_stem(view(-200)) == "tracks-toy-model-chr1-1-568"
