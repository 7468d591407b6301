"""Known motifs: JASPAR's vertebrate CORE matrices, read from the database that pyjaspar brings along.

Three queries read all of it in about 0.3 s (pyjaspar's own way, several queries a matrix, takes 5.8 s), so nothing has
to be kept on disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

import numpy as np

from core.errors import MotifDatabaseError, SelectionError

RELEASE = "JASPAR 2026"
EXPECTED_MOTIFS = 1019  # of RELEASE, vertebrates, CORE, newest versions
PSEUDOCOUNT = 0.25  # added to every count, as in the playground's grammar
COLLECTION = "vertebrate CORE"
MATRIX_PAGE = "https://jaspar.elixir.no/matrix/"
_REMEDY = "install the versions that this program was made with: pip install -r requirements.txt -c constraints.txt"
# The newest version of each matrix of a taxonomic group, as pyjaspar.fetch_motifs gives them.
_CHOSEN = """
    SELECT m.ID AS id, m.BASE_ID AS base, MAX(m.VERSION) AS version, m.NAME AS name
    FROM MATRIX m JOIN MATRIX_ANNOTATION a ON a.ID = m.ID AND a.TAG = 'tax_group' AND a.VAL = 'vertebrates'
    WHERE m.COLLECTION = 'CORE'
    GROUP BY m.BASE_ID ORDER BY m.BASE_ID
"""


@dataclass(frozen=True, eq=False)
class Motif:
    """One matrix of the database.

    Attributes
    ----------
    name : of the factor, for example "GATA1::TAL1". matrix_id : for example "MA0140.3".
    families, classes : of the factor's DNA-binding domain, as in the database (TFClass); two of a pair of factors,
        none of a few.
    counts : (length, 4) float32, columns A, C, G, T, as in the database.
    """

    name: str
    matrix_id: str
    families: tuple[str, ...]
    classes: tuple[str, ...]
    counts: np.ndarray

    def __post_init__(self) -> None:
        shape = self.counts.shape
        if len(shape) != 2 or shape[0] < 1 or shape[1] != 4 or self.counts.dtype != np.float32:
            raise ValueError(f"{shape} {self.counts.dtype} is no matrix")
        if not np.isfinite(self.counts).all() or self.counts.min() < 0 or self.counts.sum(axis=1).min() <= 0:
            raise ValueError(f"{self.matrix_id} has counts that are none")
        self.counts.setflags(write=False)

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def family(self) -> str:
        """Its families in one piece of text, or ""."""
        return ", ".join(self.families)

    @property
    def title(self) -> str:
        """Name and number, for example "SP1 (MA0079.5)"."""
        return f"{self.name} ({self.matrix_id})"

    @property
    def url(self) -> str:
        """Its page at JASPAR."""
        return MATRIX_PAGE + self.matrix_id

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(length, 4) float64: counts with `PSEUDOCOUNT` added, rows sum to 1."""
        padded = self.counts.astype(np.float64) + PSEUDOCOUNT
        return _read_only(padded / padded.sum(axis=1, keepdims=True))

    @cached_property
    def log_odds(self) -> np.ndarray:
        """(length, 4) float64, bits against equal shares of the four letters."""
        return _read_only(np.log2(self.probabilities / 0.25))

    @cached_property
    def bits(self) -> np.ndarray:
        """(length, 4) float32, heights in bits as a logo draws them; those of a place sum to its information."""
        information = (self.probabilities * self.log_odds).sum(axis=1, keepdims=True)
        return _read_only((self.probabilities * information).astype(np.float32))


@dataclass(frozen=True, eq=False)
class MotifLibrary:
    """The motifs of one release.

    Attributes
    ----------
    release : for example "JASPAR 2026". collection : for example "vertebrate CORE".
    motifs : in the order of their numbers.
    """

    release: str
    collection: str
    motifs: tuple[Motif, ...]

    def __post_init__(self) -> None:
        if not self.motifs or len(self._by_id) != len(self.motifs):
            raise ValueError("a library has motifs, each once")

    def __len__(self) -> int:
        return len(self.motifs)

    @property
    def title(self) -> str:
        """For example "JASPAR 2026, 1,019 vertebrate CORE matrices"."""
        return f"{self.release}, {len(self):,} {self.collection} matrices"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names, several matrices can have the same."""
        return tuple(motif.name for motif in self.motifs)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Numbers, each once."""
        return tuple(motif.matrix_id for motif in self.motifs)

    @cached_property
    def matrices(self) -> tuple[np.ndarray, ...]:
        """Probabilities of each motif, (length, 4)."""
        return tuple(motif.probabilities for motif in self.motifs)

    @cached_property
    def _by_id(self) -> dict[str, Motif]:
        return {motif.matrix_id.upper(): motif for motif in self.motifs}

    def find(self, text: str) -> Motif:
        """A motif by its number ("MA0079.5", "MA0079") or name ("SP1"), in either case; of several the first.

        Raises
        ------
        SelectionError
            There is none.
        """
        wanted = str(text).strip().upper()
        if wanted in self._by_id:
            return self._by_id[wanted]
        for motif in self.motifs:
            if wanted in (motif.name.upper(), motif.matrix_id.upper().partition(".")[0]):
                return motif
        near = [motif.title for motif in self.motifs if wanted[:3] and wanted[:3] in motif.name.upper()][:3]
        example = ", ".join(near or [self.motifs[0].title])
        raise SelectionError(
            f"{str(text)[:40]!r} is no motif of {self.title}; give a name or number such as {example}."
        )


def _read_only(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


@cache
def jaspar() -> MotifLibrary:
    """The vertebrate CORE matrices of JASPAR 2026 (CC BY 4.0), read once.

    Raises
    ------
    MotifDatabaseError
        The database is missing, damaged, or of another release.

    Source: Rauluseviciute et al. 2024 and the release of 2026, through pyjaspar 4.0.0.
    """
    return read_jaspar(_database(), expected=EXPECTED_MOTIFS)


def _database() -> Path:
    """Path of the release's SQLite file inside pyjaspar."""
    try:
        folder = Path(str(resources.files("pyjaspar"))) / "data"
    except ModuleNotFoundError as error:
        raise MotifDatabaseError(
            f"The motifs of {RELEASE} are not on this machine, as the package pyjaspar is not installed; {_REMEDY}"
        ) from error
    path = folder / f"{RELEASE.replace(' ', '')}.sqlite"
    if path.is_file():
        return path
    others = sorted(other.stem for other in folder.glob("JASPAR*.sqlite"))
    there = f"it has {', '.join(others)}" if others else "it has no database at all"
    raise MotifDatabaseError(f"The pyjaspar that is installed has no {RELEASE} ({there}); {_REMEDY}")


def read_jaspar(path: Path, *, expected: int | None = None) -> MotifLibrary:
    """Read the vertebrate CORE matrices of one of JASPAR's SQLite files.

    Parameters
    ----------
    expected : how many there must be; None takes any number above 0.

    Raises
    ------
    MotifDatabaseError
        The file is missing, is no such database, is damaged, or has another number of matrices.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            chosen = database.execute(_CHOSEN).fetchall()
            ids = f"SELECT id FROM ({_CHOSEN})"
            cells = database.execute(f"SELECT ID, row, col, val FROM MATRIX_DATA WHERE ID IN ({ids})").fetchall()
            tags = database.execute(
                f"SELECT ID, TAG, VAL FROM MATRIX_ANNOTATION WHERE TAG IN ('family', 'class') AND ID IN ({ids}) "
                "ORDER BY LOCAL_ID"
            ).fetchall()
        motifs = tuple(_motifs(chosen, cells, tags))
        library = MotifLibrary(RELEASE, COLLECTION, motifs)
    except (sqlite3.Error, OSError, ValueError, TypeError, LookupError) as error:
        raise MotifDatabaseError(
            f"The motif database {path.name} is missing, damaged or no database of JASPAR; {_REMEDY}"
        ) from error
    if expected is not None and len(library) != expected:
        raise MotifDatabaseError(
            f"The motif database {path.name} has {len(library):,} vertebrate CORE matrices and {RELEASE} has "
            f"{expected:,}: it is of another release; {_REMEDY}"
        )
    return library


def _motifs(chosen: list[tuple], cells: list[tuple], tags: list[tuple]) -> Iterable[Motif]:
    columns: dict[int, dict[str, list[tuple[int, float]]]] = {}
    for number, letter, column, value in cells:
        columns.setdefault(number, {}).setdefault(letter, []).append((column, value))
    told: dict[tuple[int, str], list[str]] = {}
    for number, tag, value in tags:
        told.setdefault((number, tag), []).append(value)
    for number, base, version, name in chosen:
        rows = [[value for _, value in sorted(columns[number][letter])] for letter in "ACGT"]
        families, classes = (tuple(told.get((number, tag), ())) for tag in ("family", "class"))
        yield Motif(name, f"{base}.{version}", families, classes, np.array(rows, np.float32).T.copy())
