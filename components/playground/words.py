"""Sentences of the playground page: how to read it, what the files are, what it is not."""

from __future__ import annotations

import streamlit as st

from core.teaching.playground import files
from core.teaching.playground.grammar import TRACKS
from core.teaching.playground.motifs import MATRICES

WHAT = (
    "**playground: simulated genome.** A small genome made by a program, in which five written rules turn letters into "
    "twelve tracks. So the truth about every change is known, and a model's answer can be marked right or wrong."
)
READING = (
    "- **Tracks** are what experiments would measure. **DNase**: open DNA. **H3K27ac**: active promoters and enhancers."
    " **CTCF**: where boundaries are. **CAGE**: where genes begin to be read, and how much. Seven of the twelve tracks "
    "are drawn; the CSV has all. **Erythroid** cells become red blood cells.\n"
    "- **Filled** is now; the **grey line** is before the change.\n"
    "- **Expression** is the CAGE signal in the three bins (384 bp) around the gene's first base.\n"
    "- **Shuffled** letters are the same letters in an order in which no factor finds a site.\n"
    "- **Letters or rules?** A person can edit letters, and the model reads letters. Rules are the laws of this small "
    "world: the model learnt the shipped ones from examples, and nothing tells it that they changed."
)
LIMITS = (
    "- **None of these genes exists**, and nothing here is a statement about people or any disease.\n"
    "- The motifs are real (JASPAR 2026). Real genomes have hundreds of factors, chromatin with a memory, enhancers "
    "that act over a million bases, and rules that nobody has written down.\n"
    "- A model that is right here has learnt five simple rules. It may still be wrong on a real genome."
)
FILES = (
    ("genome.fa.gz", "the letters, four chromosomes", "FASTA, bgzip; repeats in lower case", files.playground_fasta),
    ("genes.gtf.gz", "genes, transcripts, exons", "GTF", files.playground_genes),
    ("elements.bed.gz", "promoters, enhancers, silencers, boundaries", "BED9", files.playground_elements),
    (
        "sites.bed.gz",
        "all sites that are at least half occupied",
        "BED6, score = 1000 × occupancy",
        files.playground_sites,
    ),
    ("links.tsv", "which enhancer gives how much to which gene", "table", files.playground_links),
    ("people.vcf.gz", "phased variants of simulated people", "VCF", files.playground_people),
    ("motifs.jaspar", "the ten matrices", "JASPAR", lambda: MATRICES),
)


def render_files() -> None:
    """What each file is, and buttons to take it away."""
    st.table(
        {
            "File": [name for name, *_ in FILES] + ["measured/*.bw"],
            "What it holds": [what for _, what, *_ in FILES] + ["twelve simulated measurements: truth and noise"],
            "Format": [kind for _, _, kind, _ in FILES] + ["bigWig"],
        }
    )
    with st.container(horizontal=True):
        for name, _, _, path in FILES:
            st.download_button(
                name, data=lambda path=path: path().read_bytes(), file_name=f"playground-{name}",
                icon=":material/download:", on_click="ignore", key=f"file_{name}",
            )  # fmt: skip
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    track = left.selectbox("Simulated measurement", TRACKS, key="measured_file")
    name = f"{track.replace(':', '_')}.bw"
    right.download_button(
        name, data=lambda: files.playground_signal(track).read_bytes(), file_name=f"playground-{name}",
        icon=":material/download:", on_click="ignore", key="file_signal",
    )  # fmt: skip
