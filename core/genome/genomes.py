"""Which genome is meant: by a known name, by an address, or by a file."""

from __future__ import annotations

from pathlib import Path

from core.errors import GenomeUnavailableError, UnknownGenomeError
from core.genome.fasta import LocalFasta
from core.genome.progress import OnProgress
from core.genome.reference import ASSEMBLIES, Reference
from core.genome.remote import RemoteFasta
from core.genome.sizes import SizesGenome, is_sizes_file
from core.settings import Settings, is_web_address, settings

HG38_NAMES = ("hg38", "grch38")


def open_genome(
    path_or_name: str | Path | None = None,
    *,
    assembly: str | None = None,
    options: Settings | None = None,
    on_progress: OnProgress | None = None,
) -> Reference:
    """Open a reference genome.

    Parameters
    ----------
    path_or_name : "hg38" (fetched piece by piece from the server in the settings), "playground" (the simulated one), a
        name from ATTENDOME_GENOMES, an address that begins with https://, or the path of a FASTA file or of a table of
        chromosome sizes (a genome without letters); None is the genome of the settings.
    assembly : "hg38" and the like, where the file itself does not tell.
    options : the settings; those of this process by default.
    on_progress : called while bytes of a remote genome arrive; may raise to stop.

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
    files = dict(chosen.genome_files)
    if wanted in files:
        said = assembly_named(wanted)
        known = assembly or (None if said == "unknown" else said)
        if is_sizes_file(files[wanted]):
            return SizesGenome(files[wanted], name=wanted, assembly=known)
        return LocalFasta(files[wanted], name=wanted, assembly=known, index_folder=cache / "indexes")
    if wanted.lower() in HG38_NAMES:
        return RemoteFasta(
            chosen.hg38_url, chosen.hg38_index_url, name="hg38", assembly="hg38", on_progress=on_progress, **remote
        )
    if wanted == "playground":
        path = playground_file("playground_fasta")
        return LocalFasta(path, name=wanted, assembly=wanted, index_folder=cache / "indexes")
    if is_address(wanted):
        if not is_web_address(wanted):
            raise UnknownGenomeError(
                f"{wanted[:80]!r} is no address of a file; give one such as https://example.org/hg38.fa, or the path "
                "of a FASTA file."
            )
        return RemoteFasta(wanted, assembly=assembly, on_progress=on_progress, **remote)
    path = Path(wanted).expanduser()
    if not path.exists():
        names = ", ".join(dict.fromkeys(("hg38", *files)))
        raise UnknownGenomeError(
            f"{path.name!r} is neither a known genome nor a file; give {names}, the path of a FASTA file, or its "
            "address."
        )
    if is_sizes_file(path):
        return SizesGenome(path, assembly=assembly)
    return LocalFasta(path, assembly=assembly, index_folder=cache / "indexes")


def is_address(text: str) -> bool:
    """Whether it is meant as the address of a file on a server."""
    return text.lower().startswith(("http://", "https://"))


def assembly_named(name: str) -> str:
    """The assembly that a name says by itself: "hg38" and "mm10" do, "mine" is "unknown"."""
    lower = name.lower()
    return "hg38" if lower in HG38_NAMES else lower if lower in (*ASSEMBLIES, "playground") else "unknown"


def playground_file(what: str) -> Path:
    """A file of the simulated genome: "playground_fasta" or "playground_genes".

    Raises
    ------
    GenomeUnavailableError
        It is not built.
    """
    try:
        from core.teaching.playground import files

        path = Path(getattr(files, what)())
    except (ImportError, AttributeError) as error:
        raise GenomeUnavailableError(
            "The playground genome is not part of this version yet; choose hg38 or a FASTA file."
        ) from error
    if not path.is_file():
        raise GenomeUnavailableError(
            f"{path.name} of the playground genome is missing; restore it (git checkout assets), or choose hg38."
        )
    return path
