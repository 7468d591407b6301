"""Scores as files: what is read back is what was found, and a VCF keeps all that it held."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest

from core.effects.files import Scored, ending_of, rejected_table, write
from core.effects.job import Scoring, score_all
from core.effects.journal import Journal
from core.effects.listed import read_list
from core.errors import VariantFileError
from core.genome.annotation import Track as GeneTrack
from core.genome.gene import Gene
from core.genome.interval import Interval
from core.timing import Timings
from tests.core.effects.toys import engine, genome, other
from tests.full_disk import full_disk

LETTERS = genome().letters["chr1"]
HEADER = [
    "##fileformat=VCFv4.3",
    '##INFO=<ID=AF,Number=A,Type=Float,Description="x">',
    '##INFO=<ID=ATT_OLD,Number=1,Type=Float,Description="of an earlier run">',
    "##contig=<ID=chr1,length=1200>",
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tanna",
]


def record(position: int, alt: str, info: str = ".", ref: str = "") -> str:
    ref = ref or LETTERS[position - 1]
    return f"chr1\t{position}\trs{position}\t{ref}\t{alt}\t50\tPASS\t{info}\tGT\t0|1"


def several(position: int) -> str:
    return ",".join(other(LETTERS[position - 1], by) for by in (1, 2))


RECORDS = [
    record(100, other(LETTERS[99]), "AF=0.5;ATT_OLD=3"),
    record(300, several(300)),
    record(310, f"{other(LETTERS[309])},<DEL>", "DB"),
    record(320, LETTERS[319], "AF=0.1", ref=other(LETTERS[319])),  # the two alleles are swapped
    record(400, LETTERS[399], ref=LETTERS[399:402]),
]


@pytest.fixture(scope="module")
def genes() -> GeneTrack:
    return GeneTrack("toy.gtf", genes=(Gene("ABC1", "ABC1", Interval("chr1", 330, 500, "+"), ()),))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vcf") / "in.vcf"
    path.write_text("\r\n".join([*HEADER, *RECORDS]) + "\r\n")
    return path


@pytest.fixture(scope="module")
def scored(source: Path, genes: GeneTrack, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    folder = tmp_path_factory.mktemp("scores")
    scoring = Scoring(engine(), genome(), read_list(source, engine(), genome()), (0, 2, 4), genes=genes)
    with Journal(folder / "a", scoring.plan) as kept:
        score_all(scoring, kept, Timings(folder / "t.json"))
    return Scored(scoring.listed, kept, scoring.columns, engine().input_bp)


@pytest.fixture(scope="module")
def table(scored: Scored) -> pd.DataFrame:
    return pd.concat(scored.blocks(), ignore_index=True)


@pytest.mark.parametrize("name", ["a.tsv", "a.tsv.gz", "a.parquet"])
def test_tables_read_back(scored: Scored, table: pd.DataFrame, tmp_path: Path, name: str):
    write(scored, tmp_path / name)
    if name.endswith("parquet"):
        found = pd.read_parquet(tmp_path / name)
        from pyarrow import parquet

        assert b"model" in parquet.read_schema(tmp_path / name).metadata
    else:
        found = pd.read_csv(tmp_path / name, sep="\t", comment="#", keep_default_na=False, na_values=[""])
        opened = gzip.open if name.endswith("gz") else open
        with opened(tmp_path / name, "rt") as file:
            assert file.readline().startswith("##model=")
    assert found.columns.tolist() == table.columns.tolist()
    assert len(found) == 5 * 3
    for column in table:
        if table[column].dtype.kind == "f":
            np.testing.assert_allclose(found[column].astype(float), table[column], rtol=2e-6)
        else:
            assert found[column].fillna("").tolist() == table[column].tolist()


def test_rows_come_in_the_order_of_the_file(table: pd.DataFrame):
    assert table.pos.tolist() == np.repeat([100, 300, 300, 310, 400], 3).tolist()
    assert table.track.tolist() == [0, 2, 4] * 5
    assert table.kind.iloc[-1] == "deletion"
    assert set(table.gene) <= {"", "ABC1"}
    assert "ABC1" in set(table.gene)
    near = table[(table.pos == 310) & (table.gene == "ABC1")]
    assert (near.tss_distance == -21).all()


def lines(path: Path) -> list[str]:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()


@pytest.mark.parametrize("name", ["b.vcf", "b.vcf.gz"])
def test_the_vcf_keeps_its_header_and_records(scored: Scored, source: Path, tmp_path: Path, name: str):
    write(scored, tmp_path / name, source=source)
    found = lines(tmp_path / name)
    kept = [line for line in HEADER if "ATT_OLD" not in line]
    assert [line for line in found if line in kept] == kept
    rows = [line.split("\t") for line in found if not line.startswith("#")]
    given = [line.split("\t") for line in RECORDS]
    assert [row[:7] + row[8:] for row in rows] == [row[:7] + row[8:] for row in given]
    assert rows[3] == given[3]
    assert rows[0][7].startswith("AF=0.5;ATT_TRACK=")
    assert "ATT_OLD" not in rows[0][7]
    assert rows[2][7].startswith("DB;ATT_TRACK=")


def test_pysam_reads_it_and_every_key_is_described(scored: Scored, table: pd.DataFrame, source: Path, tmp_path: Path):
    write(scored, tmp_path / "c.vcf.gz", source=source, most_tracks=2)
    with pysam.VariantFile(str(tmp_path / "c.vcf.gz")) as file:
        rows = list(file)
        described = dict(file.header.info)
    used = {key for row in rows for key in row.info}
    assert used <= set(described)
    assert all(described[key].description for key in used)
    best = table.loc[table.groupby(["pos", "alt"], sort=False).local_log2_fold.apply(lambda own: own.abs().idxmax())]
    scores = [value for row in (rows[0], rows[1], rows[4]) for value in row.info["ATT_LOCAL_EFFECT"]]
    wanted = best[best.pos.isin([100, 300, 400])].local_effect
    np.testing.assert_allclose(scores, wanted, rtol=1e-5)
    assert rows[2].info["ATT_TRACK"][1] is None  # <DEL> was not scored
    assert len(rows[1].info["ATT_TRACKS"]) == 2 * 2
    assert rows[1].info["ATT_TRACKS"][0].startswith("1|")
    assert rows[1].info["ATT_TRACKS"][2].startswith("2|")
    assert "ATT_TRACK" not in rows[3].info


def test_a_vcf_of_what_was_no_vcf(scored: Scored, tmp_path: Path):
    write(scored, tmp_path / "d.vcf")
    with pysam.VariantFile(str(tmp_path / "d.vcf")) as file:
        assert [(row.pos, row.alts[0]) for row in file] == [
            (one.variant.position, one.variant.alt) for one in scored.listed.records
        ]


def test_what_was_left_out_is_listed(scored: Scored):
    found = rejected_table(scored.listed)
    assert found.line.tolist() == [8, 9]
    assert "symbol without letters" in found.reason[0]
    assert "swapped" in found.reason[1]
    assert found.offer.tolist() == ["", f"chr1:320:{LETTERS[319]}:{other(LETTERS[319])}"]


def test_names_and_disks_that_cannot_be_used(scored: Scored, tmp_path: Path):
    with pytest.raises(VariantFileError, match=r"no ending .* \.tsv, "):
        ending_of("scores.xlsx")
    assert ending_of("A.VCF.GZ") == ".vcf.gz"
    for name in ("e.tsv", "e.parquet", "e.vcf", "e.tsv.gz"):
        with full_disk(200), pytest.raises(VariantFileError, match=r"cannot be written .* scores\s+are kept"):
            write(scored, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_half_a_list_gives_half_a_file(source: Path, tmp_path: Path):
    scoring = Scoring(engine(), genome(), read_list(source, engine(), genome()), (0,))
    with Journal(tmp_path / "a", scoring.plan) as kept:
        scoring.score_group(kept, scoring.groups[0])
    assert 0 < kept.done < 5
    scored = Scored(scoring.listed, kept, scoring.columns, engine().input_bp)
    write(scored, tmp_path / "half.tsv")
    assert len(pd.read_csv(tmp_path / "half.tsv", sep="\t", comment="#")) == kept.done
    write(scored, tmp_path / "half.vcf", source=source)
    assert sum("ATT_TRACK" in line for line in lines(tmp_path / "half.vcf") if line[0] != "#") <= kept.done
    with pytest.raises(ValueError, match="tracks"):
        Scored(scoring.listed, kept, (), 1)


def test_nothing_to_write_is_an_empty_table(tmp_path: Path):
    none = read_list(io.BytesIO(b"#CHROM\tPOS\tID\tREF\tALT\n"), engine(), genome(), name="none.vcf")
    scoring = Scoring(engine(), genome(), none, (0,))
    scored = Scored(none, Journal(tmp_path / "a", scoring.plan), scoring.columns, 1)
    write(scored, tmp_path / "none.tsv")
    assert len(pd.read_csv(tmp_path / "none.tsv", sep="\t", comment="#")) == 0
    write(scored, tmp_path / "none.parquet")
    assert len(pd.read_parquet(tmp_path / "none.parquet")) == 0
