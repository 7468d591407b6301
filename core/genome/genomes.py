"""Which genome is meant: by a known name, by an address, or by a file."""

from __future__ import annotations

from pathlib import Path

from core.errors import UnknownGenomeError
from core.genome.fasta import LocalFasta
from core.genome.reference import Reference
from core.genome.remote import RemoteFasta
from core.settings import Settings, settings


def open_genome(
    path_or_name: str | Path | None = None, *, assembly: str | None = None, options: Settings | None = None
) -> Reference:
    """Open a reference genome.

    Parameters
    ----------
    path_or_name : "hg38" (fetched piece by piece from the server in the settings), an address that begins with
        https://, or the path of a FASTA file; None is the genome of the settings.
    assembly : "hg38" and the like, where the file itself does not tell.
    options : the settings; those of this process by default.

    Raises
    ------
    UnknownGenomeError
        Neither a known name nor a file.
    GenomeUnavailableError
        The file or its server cannot be read.
    """
    chosen = options or settings()
    wanted = str(path_or_name) if path_or_name else chosen.genome
    cache = chosen.cache_folder / "genome"
    remote = {"cache_folder": cache / "remote", "max_cache_bytes": chosen.genome_cache_bytes}
    if wanted.lower() in {"hg38", "grch38"}:
        return RemoteFasta(chosen.hg38_url, chosen.hg38_index_url, name="hg38", assembly="hg38", **remote)
    if wanted.lower().startswith(("http://", "https://")):
        return RemoteFasta(wanted, assembly=assembly, **remote)
    path = Path(wanted).expanduser()
    if not path.exists():
        raise UnknownGenomeError(
            f"{path.name!r} is neither a known genome nor a file; give hg38, the path of a FASTA file, or its address."
        )
    return LocalFasta(path, assembly=assembly, index_folder=cache / "indexes")
