"""Make the shipped playground: `python -m core.teaching.playground.build`.

The same seed gives the same files; about a minute.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pybigtools
from Bio import bgzf
from pyfaidx import Faidx

from core.errors import AttendomeError, SimulationError
from core.teaching.playground.chromosome import Chromosome, check_seed, make_chromosome
from core.teaching.playground.files import FOLDER, LABEL, MANIFEST, sha256_of
from core.teaching.playground.grammar import BIN_SIZE_BP, CELL_TYPES, GRAMMAR_VERSION, TRACKS, tracks_of
from core.teaching.playground.links import links_of
from core.teaching.playground.motifs import MATRICES
from core.teaching.playground.occupancy import sites
from core.teaching.playground.people import people_lines
from core.teaching.playground.recipe import Recipe

SEED = 2026
# name -> (length, what it is for). None of them is trained on.
CHROMOSOMES = {
    "sim1": (800_000, "examples"),
    "sim2": (800_000, "examples"),
    "sim3": (600_000, "looked at while the model was made"),
    "sim4": (1_000_000, "held out: the model's card is measured here"),
}
COLOURS = {
    "promoter": "255,0,0",
    "enhancer erythroid": "214,96,77",
    "enhancer liver": "250,160,0",
    "enhancer shared": "250,202,0",
    "silencer": "150,150,150",
    "boundary": "10,190,254",
}
VALIDATION_SEEDS = 4  # those just before the training's are looked at while training
READS_PER_UNIT = 12.0
EXTRA_SPREAD = 0.12


def make_world(seed: int = SEED) -> list[Chromosome]:
    """The shipped chromosomes.

    Raises
    ------
    SimulationError
        The seed is no whole number from 0 on, or makes what the model is trained on.
    """
    check_seed(seed)
    seeds = [seed * 10 + number for number in range(len(CHROMOSOMES))]
    trained_on = range(Recipe.first_seed - VALIDATION_SEEDS, Recipe.dense_first_seed + Recipe.dense_chromosomes)
    if set(seeds) & set(trained_on):
        raise SimulationError(
            f"Seed {seed} makes chromosomes that the model is trained on, so nothing would be held out; give one below "
            f"{(trained_on.start - len(seeds)) // 10 + 1} or above {trained_on.stop // 10}."
        )
    return [
        make_chromosome(name, length, number, prefix=f"SIM{letter}")
        for (name, (length, _)), number, letter in zip(CHROMOSOMES.items(), seeds, "ABCD", strict=True)
    ]


def write_bgzip(path: Path, lines: Iterable[str]) -> None:
    """Lines as tabix and bcftools want them: bgzip, which any gzip reader reads too; no time in it."""
    with bgzf.BgzfWriter(str(path), "wb") as file:
        file.write(("\n".join(lines) + "\n").encode("ascii"))


def _write_fasta(path: Path, world: list[Chromosome]) -> None:
    with bgzf.BgzfWriter(str(path), "wb") as file:
        for chromosome in world:
            letters = chromosome.sequence
            file.write(f">{chromosome.name}\n".encode())
            file.write("".join(f"{letters[i : i + 100]}\n" for i in range(0, len(letters), 100)).encode())
    Faidx(str(path)).close()


def _gtf(world: list[Chromosome]) -> Iterable[str]:
    yield f"#{LABEL}, grammar {GRAMMAR_VERSION}; none of these genes exists"
    for chromosome in world:
        for gene in chromosome.layout.genes:
            start, end = gene.body
            names = f'gene_id "{gene.symbol}"; gene_name "{gene.symbol}"; gene_type "protein_coding";'
            more = f'{names} transcript_id "{gene.symbol}.1"; transcript_type "protein_coding";'
            head = f"{chromosome.name}\tplayground"
            yield f"{head}\tgene\t{start + 1}\t{end}\t.\t{gene.strand}\t.\t{names}"
            yield f"{head}\ttranscript\t{start + 1}\t{end}\t.\t{gene.strand}\t.\t{more}"
            for left, right in gene.exons:
                yield f"{head}\texon\t{left + 1}\t{right}\t.\t{gene.strand}\t.\t{more}"


def _elements(world: list[Chromosome]) -> Iterable[str]:
    for chromosome in world:
        for number, element in enumerate(chromosome.layout.elements, 1):
            name = f"{element.kind.replace(' ', '_')}:{chromosome.name}.{number}"
            place = f"{element.start}\t{element.end}"
            yield f"{chromosome.name}\t{place}\t{name}\t1000\t.\t{place}\t{COLOURS[element.kind]}"


def _sites(world: list[Chromosome]) -> Iterable[str]:
    for chromosome in world:
        for site in sites(chromosome.codes):
            score = round(1000 * site.occupancy)
            yield f"{chromosome.name}\t{site.start}\t{site.end}\t{site.motif}\t{score}\t{site.strand}"


def measured(truth: np.ndarray, seed: int) -> np.ndarray:
    """A simulated measurement: reads drawn by Poisson, with a bin-wise spread beyond it, back in units of coverage."""
    rng = np.random.default_rng(seed)
    spread = rng.gamma(1 / EXTRA_SPREAD**2, EXTRA_SPREAD**2, truth.shape)
    return (rng.poisson(truth * spread * READS_PER_UNIT) / READS_PER_UNIT).astype(np.float32)


def _write_signal(folder: Path, world: list[Chromosome], seed: int) -> None:
    folder.mkdir(exist_ok=True)
    truth = [tracks_of(chromosome.codes, chromosome.layout.genes) for chromosome in world]
    lengths = {chromosome.name: len(chromosome.codes) for chromosome in world}
    for column, name in enumerate(TRACKS):
        rows = []
        for number, (chromosome, values) in enumerate(zip(world, truth, strict=True)):
            noisy = measured(values[:, column], seed + 100 * column + number)
            edges = np.append(np.arange(len(noisy)) * BIN_SIZE_BP, lengths[chromosome.name])
            rows += [
                (chromosome.name, int(start), int(end), float(value))
                for start, end, value in zip(edges[:-1], edges[1:], noisy, strict=True)
                if value > 0
            ]
        pybigtools.open(str(folder / f"{name.replace(':', '_')}.bw"), "w").write(lengths, iter(rows))


def build(folder: Path = FOLDER, seed: int = SEED) -> None:
    """Write every file, and the manifest with their digests.

    Raises
    ------
    SimulationError
        The seed is no whole number from 0 on, or the folder cannot be written.
    """
    world = make_world(seed)
    try:
        _write(folder, world, seed)
    except OSError as error:
        raise SimulationError(
            f"The playground cannot be written to {folder} ({error.strerror or error}); make room there, or give "
            "another folder."
        ) from error


def _write(folder: Path, world: list[Chromosome], seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve() != FOLDER.resolve():
        shutil.copy(MATRICES, folder / MATRICES.name)
    _write_fasta(folder / "genome.fa.gz", world)
    write_bgzip(folder / "genes.gtf.gz", _gtf(world))
    write_bgzip(folder / "elements.bed.gz", _elements(world))
    write_bgzip(folder / "sites.bed.gz", _sites(world))
    (folder / "links.tsv").write_text(links_of(world).to_csv(sep="\t", index=False, lineterminator="\n"))
    _write_signal(folder / "measured", world, seed)
    write_bgzip(folder / "people.vcf.gz", people_lines(world, seed))
    named = [
        MATRICES.name,
        "genome.fa.gz",
        "genome.fa.gz.fai",
        "genome.fa.gz.gzi",
        "genes.gtf.gz",
        "elements.bed.gz",
        "sites.bed.gz",
    ]
    named += ["links.tsv", "people.vcf.gz", *(f"measured/{name.replace(':', '_')}.bw" for name in TRACKS)]
    manifest = {
        "label": LABEL,
        "grammar_version": GRAMMAR_VERSION,
        "seed": seed,
        "cell_types": CELL_TYPES,
        "tracks": TRACKS,
        "chromosomes": {name: {"length_bp": bp, "use": use} for name, (bp, use) in CHROMOSOMES.items()},
        "motifs": f"{MATRICES.name}: JASPAR 2026 CORE vertebrates, CC BY 4.0",
        "sha256": {name: sha256_of(folder / name) for name in named},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    try:
        build(given.folder, given.seed)
    except AttendomeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
