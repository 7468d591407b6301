"""JASPAR as it is read: against pyjaspar's own reader and the playground's copy; and a database that is no good."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from core.attribution import motif_library
from core.attribution.motif_library import EXPECTED_MOTIFS, Motif, MotifLibrary, jaspar, read_jaspar
from core.errors import MotifDatabaseError, SelectionError
from core.teaching.playground.motifs import motifs


def test_release_and_count_are_said():
    assert jaspar().title == "JASPAR 2026, 1,019 vertebrate CORE matrices"
    assert len(jaspar()) == len(set(jaspar().ids)) == EXPECTED_MOTIFS


@pytest.mark.parametrize("matrix_id", ["MA0140.3", "MA0079.5", "MA0139.2"])
def test_a_matrix_is_what_pyjaspar_reads(matrix_id):
    from pyjaspar import jaspardb

    database = jaspardb(release="JASPAR2026")
    with closing(database.conn):
        theirs = database.fetch_motif_by_id(matrix_id)
    ours = jaspar().find(matrix_id)
    assert ours.name == theirs.name
    assert ours.families == tuple(theirs.tf_family)
    assert ours.classes == tuple(theirs.tf_class)
    np.testing.assert_allclose(ours.counts, np.array([theirs.counts[base] for base in "ACGT"]).T, rtol=1e-6)


def test_the_playground_reads_the_same_matrices():
    for known in motifs():
        ours = jaspar().find(known.matrix_id)
        assert ours.name.upper() == known.name.upper()
        np.testing.assert_allclose(ours.probabilities, known.probabilities, atol=0.002)


def test_heights_are_the_information_of_a_place():
    sure = Motif("x", "X1", (), (), np.array([[1e9, 0, 0, 0], [1, 1, 1, 1], [1e9, 1e9, 0, 0]], np.float32))
    np.testing.assert_allclose(sure.bits.sum(axis=1), [2, 0, 1], atol=1e-6)
    np.testing.assert_allclose(sure.probabilities.sum(axis=1), 1)
    assert not sure.bits.flags.writeable


def test_a_motif_is_found_by_name_or_number():
    library = jaspar()
    assert library.find("ma0079.5") is library.find("MA0079") is library.find("sp1") is library.find(" SP1 ")
    with pytest.raises(SelectionError, match=r"'CTCX' is no motif of JASPAR 2026.*CTCF"):
        library.find("CTCX")


def test_arrays_that_are_no_matrix_are_refused():
    for counts in (np.zeros((3, 4), np.float32), np.ones((4, 3), np.float32), np.full((2, 4), np.nan, np.float32)):
        with pytest.raises(ValueError):
            Motif("x", "X1", (), (), counts)
    with pytest.raises(ValueError):
        MotifLibrary("r", "c", ())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A pyjaspar of our own making."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(motif_library.resources, "files", lambda package: tmp_path)
    jaspar.cache_clear()
    yield tmp_path / "data"
    jaspar.cache_clear()


def test_a_missing_release_is_a_sentence(folder):
    with pytest.raises(MotifDatabaseError, match=r"no JASPAR 2026 \(it has no database at all\); install"):
        jaspar()
    (folder / "JASPAR2024.sqlite").touch()
    with pytest.raises(MotifDatabaseError, match=r"no JASPAR 2026 \(it has JASPAR2024\); install .* constraints.txt"):
        jaspar()


def test_a_missing_package_is_a_sentence(monkeypatch):
    def missing(package):
        raise ModuleNotFoundError(package)

    monkeypatch.setattr(motif_library.resources, "files", missing)
    jaspar.cache_clear()
    with pytest.raises(MotifDatabaseError, match="pyjaspar is not installed"):
        jaspar()


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(4096)])
def test_a_damaged_database_is_a_sentence(folder, content):
    (folder / "JASPAR2026.sqlite").write_bytes(content)
    with pytest.raises(MotifDatabaseError, match=r"JASPAR2026.sqlite is missing, damaged or no database of JASPAR"):
        jaspar()


def test_another_release_under_the_same_name_is_a_sentence(folder):
    with closing(sqlite3.connect(folder / "JASPAR2026.sqlite")) as database:
        database.executescript(
            """
            CREATE TABLE MATRIX (ID, COLLECTION, BASE_ID, VERSION, NAME);
            CREATE TABLE MATRIX_ANNOTATION (LOCAL_ID, ID, TAG, VAL);
            CREATE TABLE MATRIX_DATA (ID, row, col, val);
            INSERT INTO MATRIX VALUES (1, 'CORE', 'MA1', 1, 'old'), (2, 'CORE', 'MA1', 10, 'new'),
                (3, 'CORE', 'MA2', 1, 'plant'), (4, 'UNVALIDATED', 'MA3', 1, 'x');
            INSERT INTO MATRIX_ANNOTATION VALUES (1, 1, 'tax_group', 'vertebrates'), (2, 2, 'tax_group', 'vertebrates'),
                (3, 3, 'tax_group', 'plants'), (4, 4, 'tax_group', 'vertebrates'), (5, 2, 'family', 'F');
            INSERT INTO MATRIX_DATA VALUES (2, 'A', 2, 5), (2, 'A', 1, 7), (2, 'C', 1, 1), (2, 'C', 2, 1),
                (2, 'G', 1, 0), (2, 'G', 2, 0), (2, 'T', 1, 0), (2, 'T', 2, 0);
            """
        )
    with pytest.raises(MotifDatabaseError, match=r"has 1 vertebrate CORE matrices and JASPAR 2026 has 1,019"):
        jaspar()
    only = read_jaspar(folder / "JASPAR2026.sqlite").motifs[0]  # the newest version, its columns in order
    assert (only.name, only.matrix_id, only.family) == ("new", "MA1.10", "F")
    assert only.counts.tolist() == [[7, 1, 0, 0], [5, 1, 0, 0]]
