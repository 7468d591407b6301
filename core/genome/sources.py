"""Which genomes a browser may name, and the genes that belong to each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import GenomeUnavailableError, UnknownGenomeError
from core.genome.annotation import Genes
from core.genome.genomes import HG38_NAMES, assembly_named, is_address, open_genome, playground_file
from core.genome.progress import OnProgress
from core.genome.reference import Reference
from core.genome.tabix import open_annotation
from core.genome.ucsc import UcscGenes
from core.settings import Settings, settings

UCSC_ASSEMBLY = "hg38"


@dataclass(frozen=True)
class GenomeSource:
    """A genome that may be chosen; nothing is opened until `open` or `genes` is called.

    Attributes
    ----------
    name : what a browser gives for it: "hg38", "playground", "default" (ATTENDOME_GENOME) or a name of the settings.
    title : what a person reads.
    place : the server or the file that it is read from.
    assembly : "hg38" and the like, or "unknown" until it is opened.
    options : the settings.
    """

    name: str
    title: str
    place: str
    assembly: str
    options: Settings = field(repr=False)

    @property
    def version(self) -> str:
        """Changes when the file of the genome or of its genes does, or another one is set; for keys of caches."""
        chosen = self.options
        places = [dict(chosen.genome_files).get(self.name), dict(chosen.annotation_files).get(self.name)]
        if self.name == "default" and not is_address(chosen.genome):
            places.append(Path(chosen.genome).expanduser())
        states = [_state(path) for path in places if path is not None]
        return "|".join([chosen.genome, chosen.hg38_url, chosen.ucsc_url, *states])

    def open(self, *, on_progress: OnProgress | None = None) -> Reference:
        """The genome.

        Parameters
        ----------
        on_progress : called while bytes of a remote genome arrive; may raise to stop.

        Raises
        ------
        GenomeUnavailableError
            Its file or server cannot be read.
        """
        wanted = None if self.name == "default" else self.name
        return open_genome(wanted, options=self.options, on_progress=on_progress)

    def genes(self, reference: Reference | None = None, *, on_progress: OnProgress | None = None) -> Genes | None:
        """Its genes: those of ATTENDOME_ANNOTATIONS; else the playground's own, or UCSC's for hg38; else None.

        Parameters
        ----------
        reference : the opened genome, where it is at hand.
        on_progress : called with 0 to 1 while a file is read; may raise to stop.

        Raises
        ------
        AnnotationError, GenomeUnavailableError
            The genes, or the genome that they belong to, cannot be read.
        """
        cache = self.options.cache_folder / "genome"
        path = dict(self.options.annotation_files).get(self.name)
        if path is None and self.name == "playground":
            path = playground_file("playground_genes")
        if path is not None:
            assembly = reference.assembly if reference is not None else self.assembly
            return open_annotation(path, assembly=assembly, on_progress=on_progress, cache_folder=cache / "annotations")
        genome = reference if reference is not None else self.open(on_progress=on_progress)
        try:
            if genome.assembly != UCSC_ASSEMBLY:
                return None
            remote = {"cache_folder": cache / "remote", "max_cache_bytes": self.options.genome_cache_bytes}
            return UcscGenes(dict(genome.contigs), UCSC_ASSEMBLY, url=self.options.ucsc_url, **remote)
        finally:
            if reference is None:
                genome.close()


def genome_sources(options: Settings | None = None) -> tuple[GenomeSource, ...]:
    """The genomes that may be chosen, the one of the settings (ATTENDOME_GENOME) first.

    Parameters
    ----------
    options : the settings; those of this process by default.
    """
    chosen = options or settings()
    found = [
        GenomeSource(name, f"{name} ({path.name})", path.name, assembly_named(name), chosen)
        for name, path in chosen.genome_files
    ]
    names = [source.name for source in found]
    if "hg38" not in names:
        host = urlsplit(chosen.hg38_url).netloc.rpartition("@")[2]
        found.append(GenomeSource("hg38", "Human (hg38), fetched piece by piece", host, "hg38", chosen))
    if _playground_problem() is None:
        found.append(GenomeSource("playground", "Playground (simulated)", "built in", "playground", chosen))
    wanted = "hg38" if chosen.genome.lower() in HG38_NAMES else chosen.genome
    if wanted not in (*names, "hg38", "playground"):
        address = urlsplit(wanted) if is_address(wanted) else None
        name = address.path.rpartition("/")[2] if address else Path(wanted).name
        place = address.netloc.rpartition("@")[2] if address else name
        found.append(GenomeSource("default", name, place, "unknown", chosen))
        wanted = "default"
    return tuple(sorted(found, key=lambda source: source.name != wanted))


def named_genome(name: str, options: Settings | None = None) -> GenomeSource:
    """The listed genome of this name; unlike `open_genome`, it takes no path.

    Raises
    ------
    UnknownGenomeError
        It is not listed by `genome_sources`.
    GenomeUnavailableError
        It is the playground, which is not there.
    """
    listed = {source.name: source for source in genome_sources(options)}
    if name in listed:
        return listed[name]
    problem = _playground_problem() if name == "playground" else None
    if problem is not None:
        raise problem
    raise UnknownGenomeError(
        f"There is no genome {str(name)[:40]!r} here; choose {', '.join(listed)}. Whoever runs Attendome can add FASTA "
        "files (ATTENDOME_GENOMES=name=file)."
    )


def annotation_for(
    name: str,
    options: Settings | None = None,
    *,
    reference: Reference | None = None,
    on_progress: OnProgress | None = None,
) -> Genes | None:
    """The genes of a listed genome; see `named_genome` and `GenomeSource.genes`."""
    return named_genome(name, options).genes(reference, on_progress=on_progress)


def _playground_problem() -> GenomeUnavailableError | None:
    """Why there is no playground genome, or None where there is."""
    try:
        playground_file("playground_fasta")
    except GenomeUnavailableError as error:
        return error
    return None


def _state(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return f"{path} missing"
    return f"{path} {found.st_size} {found.st_mtime_ns}"
