"""A genome without letters: a table of chromosome sizes, to look at files of measurements and regions on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from core.errors import GenomeFileError, GenomeUnavailableError
from core.genome.interval import MAX_POSITION, Interval
from core.genome.progress import OnProgress
from core.genome.reference import Reference, assembly_of, fetch_padded

MAX_SIZES_BYTES = 20_000_000
_HEAD_BYTES = 4096
_LINE = re.compile(r"([^\s>:,;<\"'()]+)[\t ]+(\d{1,12})\s*")


class SizesGenome:
    """Chromosomes of which only the lengths are known; a `Reference` whose letters are all N.

    Parameters
    ----------
    path : two columns, name and length in base pairs, as UCSC's chrom.sizes; lines that begin with # are left out.
    name : what it is called on a page; the file's name by default.
    assembly : "hg38" and the like; None takes it from the length of chromosome 1.

    Raises
    ------
    GenomeFileError
        No such file, or a line that is none of such a table.
    """

    def __init__(self, path: Path, *, name: str | None = None, assembly: str | None = None) -> None:
        path = Path(path).expanduser()
        self._name = name or path.name
        self._contigs = MappingProxyType(_read(path))
        self._assembly = assembly or assembly_of(self._contigs)

    @property
    def name(self) -> str:
        """What it is called on a page."""
        return self._name

    @property
    def assembly(self) -> str:
        """ "hg38" and the like, or "unknown"."""
        return self._assembly

    @property
    def contigs(self) -> Mapping[str, int]:
        """Chromosome -> length in base pairs."""
        return self._contigs

    @property
    def identity(self) -> str:
        """Changes with the table's content."""
        return hashlib.sha256(f"sizes|{dict(self._contigs)}".encode()).hexdigest()[:16]

    def close(self) -> None:
        """Nothing is held open."""

    def fetch(self, interval: Interval, *, on_progress: OnProgress | None = None) -> str:
        """As many N as the interval is wide; see `Reference.fetch`.

        Raises
        ------
        InvalidLocusError
            No such chromosome, or wholly outside it.
        """
        return fetch_padded(interval, self._contigs, self._name, lambda contig, start, end: "N" * (end - start))


def has_letters(reference: Reference) -> bool:
    """Whether the genome's letters are known, so that a model can read it."""
    return not isinstance(reference, SizesGenome)


def check_letters(reference: Reference) -> None:
    """Check that a model can read the genome.

    Raises
    ------
    GenomeUnavailableError
        It is a table of chromosome sizes.
    """
    if not has_letters(reference):
        raise GenomeUnavailableError(
            f"{reference.name} is a table of chromosome sizes without letters, so nothing can be predicted on it: look "
            "at your files of signal and regions, or choose a genome with letters (a FASTA file)."
        )


def is_sizes_file(path: Path) -> bool:
    """Whether the file's first line is one of a table of chromosome sizes; False where it cannot be read."""
    try:
        with Path(path).expanduser().open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    first = next((line for line in head.splitlines() if line.strip() and not line.startswith("#")), "")
    return _LINE.fullmatch(first) is not None


def _read(path: Path) -> dict[str, int]:
    try:
        if path.stat().st_size > MAX_SIZES_BYTES:
            raise GenomeFileError(f"{path.name} is too large for a table of chromosome sizes; give one below 20 MB.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise GenomeFileError(f"{path.name} cannot be opened ({error.strerror}); check its place.") from error
    except UnicodeDecodeError as error:
        raise GenomeFileError(f"{path.name} is no text; give a table of chromosome sizes.") from error
    contigs: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        length = int(found[2]) if found else 0
        if found is None or not 0 < length <= MAX_POSITION:
            raise GenomeFileError(
                f"Line {number} of {path.name} is {line[:40]!r}; give a name and a length in base pairs, such as chr9 "
                "141213431."
            )
        if found[1] in contigs:
            raise GenomeFileError(f"Line {number} of {path.name} names {found[1]} again; name each chromosome once.")
        contigs[found[1]] = length
    if not contigs:
        raise GenomeFileError(f"{path.name} has no chromosome; give lines such as chr9 141213431.")
    return contigs
