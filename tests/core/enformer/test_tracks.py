"""Tracks, their units and names, search and named sets, on the real table of 5,313 and on made-up ones."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from core.enformer.track_file import curated_tracks, parse_tracks
from core.enformer.track_search import split_words
from core.enformer.track_sets import SETS
from core.enformer.tracks import MAX_LABEL, Track, TrackTable, unnamed_tracks
from core.errors import SelectionError


@pytest.fixture(scope="module")
def raw(test_data: Path) -> list[dict[str, str]]:
    text = (test_data / "enformer" / "targets_human.txt").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def table(test_data: Path) -> TrackTable:
    return parse_tracks((test_data / "enformer" / "targets_human.txt").read_bytes(), "human", "the real one")


def found(table: TrackTable, text: str, **options) -> list[int]:
    return [track.index for track in table.search(text, None, **options)]


def test_every_row_is_read_as_it_stands(table: TrackTable, raw: list[dict[str, str]]) -> None:
    assert len(table) == len(raw) == 5313
    assert table.is_complete
    for track, row in zip(table, raw, strict=True):
        assert [track.index, track.identifier, track.description] == [
            int(row["index"]),
            row["identifier"],
            row["description"],
        ]
        assert [track.statistic, track.clip, track.scale] == [
            row["sum_stat"],
            float(row["clip"]),
            float(row["scale"]),
        ]
        words = [track.assay, *([track.target or "."] if track.assay == "CHIP" else []), track.biosample]
        assert ":".join(words) == row["description"]


def test_assays_and_units_are_those_of_the_notes(table: TrackTable) -> None:
    kinds = Counter((track.assay, track.unit, track.log) for track in table)
    mean = "mean coverage per base (clipped at 32, then × 2)"
    assert kinds == {
        ("DNASE", mean, False): 674,
        ("ATAC", "coverage summed over the bin (clipped at 64)", False): 10,
        ("CHIP", mean, False): 3832,
        ("CHIP", "coverage summed over the bin (clipped at 64)", False): 159,
        ("CAGE", "coverage summed over the bin (clipped at 384)", True): 638,
    }
    assert [table[i].assay for i in (0, 673, 674, 683, 684, 4674, 4675, 5312)] == [
        *("DNASE", "DNASE", "ATAC", "ATAC", "CHIP", "CHIP", "CAGE", "CAGE")
    ]
    assert len({track.description for track in table}) == 4925
    assert table.assays == ("DNASE", "ATAC", "CHIP", "CAGE")
    assert table.targets[:3] == ("H3K4me3", "H3K36me3", "H3K27me3")
    assert "." not in table.targets
    assert Track(0, "", "x", statistic="sum").unit == "coverage summed over the bin"
    assert Track(0, "", "x").unit == "unit not known"


def test_links_lead_where_the_identifier_is_known(table: TrackTable) -> None:
    hosts = Counter((re.match(r"[A-Za-z]+", track.identifier)[0][:5], track.url.split("/")[2]) for track in table)
    assert hosts == {
        ("ENCFF", "www.encodeproject.org"): 674 + 3832,
        ("GSM", "www.ncbi.nlm.nih.gov"): 169,
        ("CNhs", "fantom.gsc.riken.jp"): 638,
    }
    assert table[0].url == "https://www.encodeproject.org/files/ENCFF833POA/"
    assert table[674].url.endswith("acc=GSM2543089")
    assert table[5111].link_label == "FANTOM5 library CNhs12336"
    for odd in ("", "ENCFF833PO", "ENCFF833POA/../../x", "javascript:alert(1)", "GSM1\n", "GSM１"):
        assert Track(0, odd, "odd").url is None
        assert Track(0, odd, "odd").link_label == odd.strip()


def test_labels_are_short_and_never_the_same(table: TrackTable) -> None:
    labels = [track.label for track in table]
    assert len(set(labels)) == 5313
    assert all(track.label.endswith(f"({track.index})") for track in table)
    assert max(map(len, labels)) <= MAX_LABEL + len(" (5312)")
    assert not [label for label in labels if re.search(r"[ ,_…(] \(|\s\s", label.replace("… (", "("))]
    assert [table[i].label for i in (12, 688, 4828, 5111, 4767, 674)] == [
        "DNase GM12878 (12)",
        "H3K27ac GM12878 (688)",
        "CAGE K562 (4828)",
        "CAGE K562 ENCODE (5111)",
        "CAGE Neutrophils (4767)",
        "ATAC BM0106-Day0-MCP-A / Bone Marrow CD34+… (674)",
    ]
    assert Track(3, "", "<b>bold</b>").label == "<b>bold</b> (3)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cage k562", [4828, 5111]),
        ("K562 CAGE", [4828, 5111]),
        ("H3K27ac GM12878", [688]),
        ("ENCFF833POA", [0]),
        ("encff833poa", [0]),
        ("CNhs12336", [5111]),
        ("4828", [4828]),
        ("cage 4828", [4828]),
        ("dnase 4828", []),
        ("p300 k562", [1340]),
        ("cage hela-s3", [5108]),
        ("cage HelaS3", [5108]),
    ],
)
def test_search(table: TrackTable, text: str, expected: list[int]) -> None:
    assert found(table, text) == expected


def test_the_best_come_first(table: TrackTable) -> None:
    assert found(table, "dnase cd14")[:2] == [41, 131]
    k562 = found(table, "k562 dnase")
    assert k562 == sorted(k562)
    assert {121, 122, 123, 625} < set(k562)
    assert found(table, "562")[0] == 562
    assert found(table, "CTCF")[0] == 684
    hits = found(table, "H3K4me")  # begins H3K4me1, 2 and 3; a whole word nowhere
    assert hits == sorted(hits)
    assert len(hits) > 600
    whole = found(table, "pol2 gm12878")
    assert table[whole[0]].target == "POLR2A"
    assert {table[i].target for i in whole[1:]} == {"POLR2AphosphoS2", "POLR2AphosphoS5"}


@pytest.mark.parametrize("same", [("MCF-7", "mcf7"), ("HeLa-S3", "helas3"), ("CD14+", "cd14"), ("dnase-seq", "DNase")])
def test_case_hyphens_and_punctuation_do_not_matter(table: TrackTable, same: tuple[str, str]) -> None:
    assert found(table, same[0]) == found(table, same[1]) != []


def test_each_word_has_to_occur(table: TrackTable) -> None:
    for track in table.search("liver adult cage", None):
        text = track.description.lower()
        assert all(word in text for word in ("liver", "adult", "cage"))
    expected = [
        t.index for t in table if {"liver", "adult", "cage"} <= set(re.findall(r"[a-z]+", t.description.lower()))
    ]
    assert found(table, "liver adult cage") == expected


def test_an_empty_search_is_everything_up_to_the_limit(table: TrackTable) -> None:
    hits = table.search("  ", 10)
    assert [track.index for track in hits] == list(range(10))
    assert (len(hits), hits.total, hits.note) == (10, 5313, "")
    assert hits[3].index == 3
    assert len(table.search("dnase", None)) > 600
    assert len(table.search("dnase", 0)) == 0


def test_nothing_found_offers_what_looks_alike(table: TrackTable) -> None:
    hits = table.search("kreatinocyte")
    assert (len(hits), hits.total) == (0, 0)
    assert hits.nearest[0] == "keratinocyte"
    assert hits.note.startswith('No track has "kreatinocyte"; did you mean keratinocyte')
    assert table.search("cage qqqqqqqqqq").note.startswith('No track has "qqqqqqqqqq"; try another word')
    both = table.search("k562 liver")
    assert both.note == "No track has all of these words; leave one out."
    assert not both.unknown


@pytest.mark.parametrize("text", ["<script>", "%' OR 1=1", "((((", "\\", "\0", "e" * 10_000, "1 " * 500, "💡", "．"])
def test_any_text_may_be_searched_for(table: TrackTable, text: str) -> None:
    hits = table.search(text)
    assert hits.total or hits.note or not split_words(text)


def test_filters(table: TrackTable) -> None:
    assert found(table, "k562", assay="CAGE") == [4828, 5111]
    assert found(table, "", biosample="K562", assay="dnase") == [121, 122, 123, 625]
    assert [t.index for t in table.select(target="h3k27ac", biosample="GM12878")] == [688]
    assert not table.select(target="H3K27ac", biosample="K562")  # there is none
    nothing = table.search("H3K27ac", assay="CAGE")
    assert nothing.note == "The filter hides all of the 229 tracks with these words; widen it."
    assert set(table.biosamples) == {t.biosample for t in table if t.biosample}


def test_a_search_is_quick(table: TrackTable) -> None:
    table.search("warm")
    for text in ("cage k562", "H3K27ac GM12878", "dnase cd14", "4828", "cell", "mcf7"):
        times = []
        for _ in range(7):
            start = time.perf_counter()
            table.search(text)
            times.append(time.perf_counter() - start)
        assert min(times) < 0.005, text


def test_a_track_is_asked_for_by_its_index() -> None:
    curated = curated_tracks()
    assert curated[4828].index == 4828
    assert 4828 in curated
    assert 3 not in curated
    with pytest.raises(SelectionError, match=r"^There is no track 3 here; give a whole number from 12 to 5117, one of"):
        curated[3]
    four = unnamed_tracks(4)
    assert four.is_complete
    assert not curated.is_complete
    for wrong in (4, -1, "0", 1.5, [1]):
        with pytest.raises(SelectionError, match=r"from 0 to 3\.$"):
            four[wrong]
    with pytest.raises(SelectionError, match="empty"):
        unnamed_tracks(0)[0]


def test_unnamed_tracks() -> None:
    table = unnamed_tracks(3, "mouse")
    assert [track.label for track in table] == ["track 0 (0)", "track 1 (1)", "track 2 (2)"]
    assert (table.head, table.sets(), table[0].url) == ("mouse", (), None)
    assert found(table, "track 2") == [2]


def test_a_table_is_in_order() -> None:
    one, two = Track(1, "a", "b"), Track(2, "a", "b")
    assert TrackTable("human", [one, two], None, "").tracks == (one, two)
    for wrong in ([two, one], [one, one], [Track(-1, "", "")]):
        with pytest.raises(ValueError, match="in order"):
            TrackTable("human", tuple(wrong), None, "")


def test_the_digest_is_of_everything(table: TrackTable) -> None:
    again = TrackTable(table.head, table.tracks, table.assembly, "elsewhere")
    assert again.digest == table.digest
    for field, value in {"identifier": "x", "clip": 31.0, "biosample": "", "scale": None}.items():
        tracks = (dataclasses.replace(table[0], **{field: value}), *table.tracks[1:])
        assert TrackTable(table.head, tracks, table.assembly, "").digest != table.digest
    assert TrackTable("mouse", table.tracks, table.assembly, "").digest != table.digest


def test_as_a_frame(table: TrackTable) -> None:
    frame = table.to_frame()
    assert frame.shape == (5313, 11)
    row = frame.iloc[688]
    assert [row["index"], row["target"], row["biosample"], row["clip"]] == [688, "H3K27ac", "GM12878", 32]
    assert unnamed_tracks(0).to_frame().columns.tolist() == frame.columns.tolist()


# Index and what the description has to hold, as in the notes on Enformer.
NOTES = {
    "DNASE CD14-positive monocyte": (41, 131),
    "DNASE K562": (121, 122, 123, 625),
    "DNASE GM12878": (12, 69),
    "DNASE HepG2": (27, 91, 234),
    "DNASE keratinocyte": (42,),
    "H3K27ac GM12878": (688,),
    "H3K27ac keratinocyte": (706,),
    "H3K27ac CD14": (817,),
    "H3K27ac neutrophil": (2280,),
    "CAGE K562": (4828, 5111),
    "CAGE GM12878": (5110,),
    "CAGE HepG2": (5109,),
    "CAGE brain": (4680, 4980),
    "CAGE Neutrophils": (4767,),
    "CAGE Keratinocyte": (4799,),
}


def test_the_indices_of_the_notes_are_right(table: TrackTable) -> None:
    curated = curated_tracks()
    for words, indices in NOTES.items():
        for index in indices:
            assert all(word in table[index].description for word in words.split()), (words, index)
            assert index in curated


def test_sets_hold_what_their_names_say(table: TrackTable) -> None:
    assert table.sets() == curated_tracks().sets() == SETS
    assert len({named.name for named in SETS}) == len(SETS)
    words = {
        "K562": "k562",
        "GM12878": "gm12878",
        "HepG2": "hepg2",
        "CD14 monocytes": "monocyte",
        "Keratinocytes": "keratinocyte",
        "Neutrophils": "neutrophil",
        "Active and silent chromatin, K562": "k562",
    }
    for named in SETS:
        tracks = named.tracks(table)
        assert [(track.index, track.identifier) for track in tracks] == list(named.members)
        if named.name in words:
            assert all(words[named.name] in track.biosample.lower() for track in tracks)
        for kind in {"DNase": "DNASE", "CAGE": "CAGE"}.items():
            assert (kind[0] in named.summary or kind[0] in named.name) == (kind[1] in {t.assay for t in tracks})
    lecture = next(named for named in SETS if named.name == "The lecture's figure")
    assert lecture.indices == (41, 42, 706, 4799)


def test_sets_stay_away_from_other_models(table: TrackTable) -> None:
    assert unnamed_tracks(5313).sets() == ()
    few = TrackTable("human", tuple(t for t in table if t.index in (41, 42, 706, 4799)), "hg38", "")
    assert [named.name for named in few.sets()] == ["The lecture's figure"]
    with pytest.raises(SelectionError):
        SETS[1].tracks(few)


def test_tracks_need_no_torch() -> None:
    code = "import sys, core.enformer.tracks, core.enformer.track_file, core.enformer.track_sets\n"
    code += "sys.exit(str({'torch', 'pandas', 'transformers'} & set(sys.modules)).replace('set()', '') or None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
