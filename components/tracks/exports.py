"""Files of exactly what the browser shows: every bin and region that shares a base with what is seen."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.browser.scene import (
    AttentionRow,
    GeneMark,
    GeneRow,
    Piece,
    RegionMark,
    RegionRow,
    Row,
    Scene,
    SignalRow,
)
from core.genome.bigwig_file import bigwig_bytes
from core.genome.interval import Interval

if TYPE_CHECKING:
    import pandas as pd

ATTENTION_UNIT = "share of the attention"
ORIGINS = "PROVENANCE.txt"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same archive


@dataclass(frozen=True, eq=False)
class Series:
    """The numbers of one row, or of the line over it, as they are seen.

    Attributes
    ----------
    row : of the scene. name : of the series. line : "" of the row's own values, else what the line over them is.
    starts, ends : (bins,) int64, 0-based and half-open, on the chromosome, from left to right.
    values, spread : (bins,) float32, NaN where there is nothing; `spread` may be None.
    """

    row: Row
    name: str
    line: str
    unit: str
    starts: np.ndarray
    ends: np.ndarray
    values: np.ndarray
    spread: np.ndarray | None = None


def seen_of(scene: Scene) -> Interval:
    """What is seen of the chromosome, in whole base pairs."""
    start = min(max(0, int(scene.place.start)), scene.contig_bp - 1)
    return Interval(scene.place.contig, start, max(start + 1, min(scene.contig_bp, round(scene.place.end))))


def series_of(scene: Scene) -> tuple[Series, ...]:
    """Rows of numbers from top to bottom, each followed by the line over it; those with nothing here are left out."""
    found = []
    for row in scene.rows:
        if isinstance(row, SignalRow):
            found.append(_series(scene, row, row.pieces, "values", row.unit, ""))
            if row.second_name:
                found.append(_series(scene, row, row.pieces, "second", row.unit, row.second_name))
        elif isinstance(row, AttentionRow):
            found.append(_series(scene, row, (row.weights,), "values", ATTENTION_UNIT, ""))
    return tuple(each for each in found if np.isfinite(each.values).any())


def _series(scene: Scene, row: Row, pieces: tuple[Piece, ...], what: str, unit: str, line: str) -> Series:
    place = seen_of(scene)
    columns: list[tuple[np.ndarray, ...]] = []
    for piece in pieces:
        values = getattr(piece, what)
        edges = np.rint(piece.start_bp + piece.bin_bp * np.arange(len(piece.values) + 1)).astype(np.int64)
        starts, ends = np.maximum(edges[:-1], 0), np.minimum(edges[1:], scene.contig_bp)
        here = (starts < ends) & (ends > place.start) & (starts < place.end)
        nothing = np.full(len(piece.values), np.nan, np.float32)
        spread = piece.spread if piece.spread is not None and what == "values" else nothing
        columns.append(tuple(array[here] for array in (starts, ends, nothing if values is None else values, spread)))
    if not columns:
        columns = [(np.empty(0, np.int64), np.empty(0, np.int64), *[np.empty(0, np.float32)] * 2)]
    starts, ends, values, spread = (np.concatenate(each) for each in zip(*columns, strict=True))
    name = f"{row.title}, {line}" if line else row.title
    return Series(row, name, line, unit, starts, ends, values, spread if np.isfinite(spread).any() else None)


def regions_of(scene: Scene) -> tuple[tuple[RegionRow, tuple[RegionMark, ...]], ...]:
    """Rows of regions with those that are seen, on the chromosome; empty ones are left out."""
    place = seen_of(scene)
    rows = []
    for row in scene.rows:
        if isinstance(row, RegionRow):
            here = tuple(r for r in row.regions if r.end > place.start and r.start < place.end and r.start < r.end)
            rows += [(row, here)] if here else []
    return tuple(rows)


def _genes_of(scene: Scene) -> tuple[GeneMark, ...]:
    place = seen_of(scene)
    genes = {gene for row in scene.rows if isinstance(row, GeneRow) for gene in row.genes}
    return tuple(
        sorted((g for g in genes if g.end > place.start and g.start < place.end), key=lambda g: (g.start, g.name))
    )


# Tables ----------------------------------------------------------------------------------------------


def scene_table(scene: Scene) -> pd.DataFrame:
    """One row per bin of each row of numbers, then one per region, exact in float32.

    Columns: provenance, assembly, row, line ("" of the row's own values), unit, chrom, start, end (0-based, half-open),
    value (never a logarithm), spread, name (of a region), about (of the row).
    """
    import pandas as pd

    tables = []
    for each in series_of(scene):
        kept = np.isfinite(each.values)
        columns = _columns(scene, each.row) | {
            "row": each.row.title, "line": each.line, "unit": each.unit, "start": each.starts[kept],
            "end": each.ends[kept], "value": each.values[kept],
            "spread": np.nan if each.spread is None else each.spread[kept], "name": "",
        }  # fmt: skip
        tables.append(pd.DataFrame(columns))
    for row, regions in regions_of(scene):
        columns = _columns(scene, row) | {
            "row": row.title, "line": "", "unit": "", "start": [max(0, r.start) for r in regions],
            "end": [min(r.end, scene.contig_bp) for r in regions], "value": np.nan, "spread": np.nan,
            "name": [r.name for r in regions],
        }  # fmt: skip
        tables.append(pd.DataFrame(columns))
    order = [
        "provenance",
        "assembly",
        "row",
        "line",
        "unit",
        "chrom",
        "start",
        "end",
        "value",
        "spread",
        "name",
        "about",
    ]
    return pd.concat(tables, ignore_index=True)[order] if tables else pd.DataFrame(columns=order)


def _columns(scene: Scene, row: Row) -> dict[str, object]:
    return {
        "provenance": scene.provenance,
        "assembly": scene.assembly,
        "chrom": scene.place.contig,
        "about": row.about,
    }


def scene_csv(scene: Scene) -> bytes:
    """`scene_table` as UTF-8 CSV with nine significant digits, which give float32 back exactly."""
    buffer = io.StringIO()
    scene_table(scene).to_csv(buffer, index=False, float_format="%.9g")
    return buffer.getvalue().encode()


def scene_bedgraph(scene: Scene) -> bytes:
    """Rows of numbers, one after the other, each under its own track line, as genome browsers read them.

    Source: bedGraph format of the UCSC Genome Browser: chrom, start, end, value; 0-based, half-open.
    """
    return "".join(f"{line}\n" for line in _bedgraph_lines(scene)).encode()


def _bedgraph_lines(scene: Scene) -> Iterator[str]:
    yield f"# {_quoted(scene.provenance)}"
    for each in series_of(scene):
        told = _quoted(f"{each.unit}, {scene.provenance}")
        yield f'track type=bedGraph name="{_quoted(each.name)}" description="{told}" visibility=full autoScale=on'
        for start, end, value in zip(each.starts, each.ends, each.values, strict=True):
            if np.isfinite(value):
                yield f"{scene.place.contig}\t{start}\t{end}\t{value:.9g}"


def _quoted(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


def regions_bed(scene: Scene, regions: tuple[RegionMark, ...]) -> bytes:
    """Regions as BED9 with their colours; source: BED format of the UCSC Genome Browser."""
    lines = []
    for region in regions:
        start, end = max(0, region.start), min(region.end, scene.contig_bp)
        colour = ",".join(map(str, region.colour)) if region.colour else "0"
        name = _word(region.name)
        lines.append(f"{scene.place.contig}\t{start}\t{end}\t{name}\t0\t.\t{start}\t{end}\t{colour}\n")
    return "".join(lines).encode()


def genes_bed(scene: Scene, genes: tuple[GeneMark, ...]) -> bytes:
    """Genes as BED12, with the exons of all their transcripts together."""
    lines = []
    for gene in genes:
        exons = gene.exons or ((gene.start, gene.end),)
        thick = (min(s for s, _ in gene.coding), max(e for _, e in gene.coding)) if gene.coding else (gene.start,) * 2
        strand = gene.strand if gene.strand in "+-" else "."
        sizes, starts = ",".join(str(e - s) for s, e in exons), ",".join(str(s - gene.start) for s, _ in exons)
        lines.append(
            f"{scene.place.contig}\t{gene.start}\t{gene.end}\t{_word(gene.name)}\t0\t{strand}\t{thick[0]}\t{thick[1]}\t0\t"
            f"{len(exons)}\t{sizes}\t{starts}\n"
        )
    return "".join(lines).encode()


def _word(text: str) -> str:
    return re.sub(r"\s+", "_", text.strip()) or "."


# Archives --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Member:
    """A file of an archive, and what is said about it."""

    name: str
    content: bytes
    title: str
    about: str
    row: Row


def bigwig_members(scene: Scene) -> tuple[Member, ...]:
    """A bigWig file for each row of numbers and each line over one."""
    names: set[str] = set()
    made = []
    sizes = {scene.place.contig: scene.contig_bp}
    for each in series_of(scene):
        content = bigwig_bytes(sizes, scene.place.contig, each.starts, each.ends, each.values)
        about = f"Unit: {each.unit}. {each.row.about}".strip()
        made.append(Member(free_name(each.name, ".bw", names), content, each.name, about, each.row))
    return tuple(made)


def region_members(scene: Scene) -> tuple[Member, ...]:
    """A BED file for each row of regions, and one for the genes."""
    names: set[str] = set()
    made = [
        Member(free_name(row.title, ".bed", names), regions_bed(scene, regions), row.title, row.about, row)
        for row, regions in regions_of(scene)
    ]
    row = next((row for row in scene.rows if isinstance(row, GeneRow)), None)
    if row is not None and (genes := _genes_of(scene)):
        made.append(Member(free_name("genes", ".bed", names), genes_bed(scene, genes), row.title, row.about, row))
    return tuple(made)


def free_name(title: str, ending: str, taken: set[str]) -> str:
    """A file name of the title that no other has: lower case, letters, digits and hyphens."""
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "row"
    name, number = stem + ending, 2
    while name in taken:
        name, number = f"{stem}-{number}{ending}", number + 1
    taken.add(name)
    return name


def origins_text(scene: Scene, members: tuple[Member, ...], more: str = "") -> bytes:
    """What lies in an archive, where it comes from, and in which units."""
    lines = [scene.title, scene.provenance, f"{seen_of(scene).locus}, assembly: {scene.assembly}", ""]
    lines += [f"{member.name}: {member.title}. {member.about}" for member in members]
    return "\n".join([*lines, *(["", more] if more else []), ""]).encode()


def archive(members: Mapping[str, bytes]) -> bytes:
    """A zip file of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def scene_bigwigs(scene: Scene) -> bytes:
    """A zip file of bigWig files, with a text of their origin and units, for which bigWig itself has no room."""
    members = bigwig_members(scene)
    return archive({member.name: member.content for member in members} | {ORIGINS: origins_text(scene, members)})


def file_stem(scene: Scene) -> str:
    """For example "tracks-playground-sim1-1-40000"."""
    return re.sub(r"[^a-z0-9]+", "-", scene.file_name.lower()).strip("-") or "browser"


def render_exports(scene: Scene, *, genome_files: Mapping[str, bytes] | None = None) -> None:
    """Buttons for files of what is seen.

    Parameters
    ----------
    genome_files : name -> content of a genome that IGV does not know, FASTA first, to go with the session.
    """
    from components.tracks.igv import igv_archive

    count = len(series_of(scene))
    many = f"{count} row{'' if count == 1 else 's'} of numbers"
    for label, make, ending, mime, icon, what in (
        ("CSV", scene_csv, "csv", "text/csv", "table", "a table with units and provenance"),
        ("bedGraph", scene_bedgraph, "bedgraph", "text/plain", "bar_chart", "text for a browser such as IGV or UCSC"),
        ("bigWig", scene_bigwigs, "bigwig.zip", "application/zip", "ssid_chart", "a file for each row"),
        (
            "IGV session",
            lambda one: igv_archive(one, genome_files=genome_files),
            "igv.zip",
            "application/zip",
            "view_list",
            "all rows with their colours; unpack it and open session.xml in IGV",
        ),
    ):
        st.download_button(
            label,
            data=lambda make=make: make(scene),
            file_name=f"{file_stem(scene)}.{ending}",
            mime=mime,
            icon=f":material/{icon}:",
            help=f"Exactly what is seen ({many}): {what}.",
            on_click="ignore",
            disabled=not count,
        )
