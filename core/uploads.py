"""Files that a person gives to a page: kept for that person's session alone, in a small temporary folder."""

from __future__ import annotations

import re
import shutil
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

from core.errors import GenomeFileError

MAX_GENOME_BYTES = 20 * 1024**2
GENOME_ENDINGS = (".fa", ".fasta", ".fna", ".fa.gz", ".fasta.gz", ".fna.gz", ".fa.bgz")


class SessionFolder:
    """A temporary folder with at most one genome in it, removed by `close` or with the last reference."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="attendome-upload-"))

    def keep_genome(self, name: str, content: bytes) -> Path:
        """Write a FASTA file in place of the one before; the name is made safe.

        Raises
        ------
        GenomeFileError
            It is empty, too large, has another kind of name, or there is no room for it.
        """
        kept = safe_name(name)
        if not kept.lower().endswith(GENOME_ENDINGS):
            raise GenomeFileError(f"{kept!r} is no FASTA by its name; give a file that ends in .fa, .fasta or .fa.gz.")
        if not content:
            raise GenomeFileError(f"{kept} is empty; give a FASTA file.")
        if len(content) > MAX_GENOME_BYTES:
            raise GenomeFileError(
                f"{kept} has {len(content) / 1e6:,.0f} MB, and a page takes {MAX_GENOME_BYTES / 1e6:.0f} MB; give "
                "a smaller file, or name it in ATTENDOME_GENOMES before you start the app."
            )
        self.clear()
        place = self._folder / uuid.uuid4().hex / kept
        try:
            place.parent.mkdir(parents=True)
            place.write_bytes(content)
        except OSError as error:
            self.clear()
            raise GenomeFileError(f"{kept} cannot be kept here ({error.strerror}); make room on the disk.") from error
        return place

    def clear(self) -> None:
        """Forget the genome."""
        for path in self._folder.glob("*"):
            shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __del__(self) -> None:
        with suppress(AttributeError, TypeError):  # at the end of the process modules may be gone
            self.close()


def safe_name(name: str) -> str:
    """A file name of letters, digits and . _ - at most 80 long, without any folder.

    >>> safe_name("../my genome.fa")
    'my_genome.fa'
    """
    last = re.split(r"[/\\\\]", name)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "_", last).lstrip(".")[-80:] or "genome"
