"""The playground's files: where they lie, and that they are the ones that this grammar made.

Everything is in the field's own formats, so that any page (or any other program) reads it as it reads real data.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from core.errors import GenomeFileError
from core.settings import ASSETS
from core.teaching.playground.grammar import GRAMMAR_VERSION

FOLDER = ASSETS / "playground"
MANIFEST = "playground.json"
ASSEMBLY = "playground"
LABEL = "playground: simulated genome"


def sha256_of(path: Path) -> str:
    """Hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def playground_file(name: str, folder: Path = FOLDER) -> Path:
    """A file of the playground, after its digest was compared with the manifest's.

    Raises
    ------
    GenomeFileError
        It is missing, damaged, or was made by another version of the grammar.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version, expected = str(manifest["grammar_version"]), str(manifest["sha256"][name])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GenomeFileError(
            f"The playground genome has no usable list of its files ({MANIFEST}, entry {name}); fetch the repository "
            "again, or make it with: python -m core.teaching.playground.build"
        ) from error
    if version != GRAMMAR_VERSION:
        raise GenomeFileError(
            f"The playground files were made with version {version} of its grammar and this program has version "
            f"{GRAMMAR_VERSION}; make them again: python -m core.teaching.playground.build"
        )
    path = folder / name
    if not path.is_file() or sha256_of(path) != expected:
        raise GenomeFileError(
            f"The playground file {name} is missing or differs from the one that was shipped; fetch the repository "
            "again, or make it with: python -m core.teaching.playground.build"
        )
    return path


def playground_fasta() -> Path:
    """The genome, bgzip FASTA with its indexes beside it."""
    for name in ("genome.fa.gz.fai", "genome.fa.gz.gzi"):
        playground_file(name)
    return playground_file("genome.fa.gz")


def playground_genes() -> Path:
    """Genes, transcripts and exons, GTF."""
    return playground_file("genes.gtf.gz")


def playground_elements() -> Path:
    """Promoters, enhancers, silencers and boundaries that the genome was made with, BED9 with colours."""
    return playground_file("elements.bed.gz")


def playground_sites() -> Path:
    """All sites that are at least half occupied, planted or by chance, BED6; score = 1000 x occupancy."""
    return playground_file("sites.bed.gz")


def playground_links() -> Path:
    """Which enhancer gives how much to which gene, tab separated with a header."""
    return playground_file("links.tsv")


def playground_people() -> Path:
    """Phased variants of simulated people, VCF."""
    return playground_file("people.vcf.gz")


def playground_signal(track: str) -> Path:
    """A simulated measurement of a track (its truth and noise), bigWig; `track` as in `grammar.TRACKS`."""
    return playground_file(f"measured/{track.replace(':', '_')}.bw")
