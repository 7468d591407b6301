"""A small genome and its genes as files, for tests of the tracks page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

GENES = (("ALPHA", 60_001, 72_000, "+"), ("BETA", 80_001, 84_000, "-"), ("GAMMA", 120_001, 150_000, "+"))


def write_genome(path: Path, seed: int = 0) -> Path:
    """chr1 of 200,000 random bases, chr2 of 60,000, the first 40,000 of which are N."""
    rng = np.random.default_rng(seed)
    bases = {name: "".join(rng.choice(list("ACGT"), length)) for name, length in (("chr1", 200_000), ("chr2", 60_000))}
    bases["chr2"] = "N" * 40_000 + bases["chr2"][40_000:]
    lines = []
    for name, letters in bases.items():
        lines += [f">{name}", *(letters[i : i + 60] for i in range(0, len(letters), 60))]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_genes(path: Path) -> Path:
    """Three genes of two exons on chr1."""
    lines = []
    for symbol, start, end, strand in GENES:
        told = f'gene_id "G{symbol}"; gene_name "{symbol}"; gene_type "protein_coding";'
        exons = [(start, start + 400), (end - 400, end)]
        rows = [("gene", start, end), ("transcript", start, end), *(("exon", *exon) for exon in exons)]
        for kind, first, last in rows:
            more = "" if kind == "gene" else f' transcript_id "T{symbol}";'
            lines.append(f"chr1\ttoy\t{kind}\t{first}\t{last}\t.\t{strand}\t.\t{told}{more}")
    path.write_text("\n".join(lines) + "\n")
    return path
