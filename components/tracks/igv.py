"""What is seen as a session of IGV, in one archive: the session, its files, and a genome that IGV does not know.

Source: IGV desktop's session files, version 8 (igv.org/doc/desktop, "Sessions", and `IGVSessionReader` of its source):
<Session genome locus version> with <Resources> of <Resource path name type color description>; paths are relative to
the session, and the genome is an id, or the path of an indexed FASTA file.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from components.browser.scene import Scene, SignalRow
from components.style import TRACK_LIGHT
from components.tracks.exports import ORIGINS, archive, bigwig_members, origins_text, region_members, seen_of

SESSION = "session.xml"
VERSION = "8"
KNOWN_GENOMES = ("hg38", "hg19", "hg18", "hs1", "mm39", "mm10", "mm9")
NO_GENOME = "IGV does not know this genome: open its FASTA file in IGV first, then the session."


def igv_session(
    scene: Scene,
    members: Mapping[str, tuple[str, str, str]],
    *,
    genome: str = "",
    colours: Mapping[str, str] | None = None,
) -> bytes:
    """The session as XML.

    Parameters
    ----------
    members : path -> (name, type as IGV calls it, description).
    genome : an id that IGV knows or a path; "" leaves it to the person.
    colours : path -> "red,green,blue".
    """
    root = ElementTree.Element("Session", {"locus": _locus(scene), "version": VERSION})
    if genome:
        root.set("genome", genome)
    resources = ElementTree.SubElement(root, "Resources")
    for path, (name, kind, description) in members.items():
        told = {"path": path, "name": name, "type": kind, "description": description}
        if colour := (colours or {}).get(path):
            told["color"] = colour
        ElementTree.SubElement(resources, "Resource", {key: _printable(value) for key, value in told.items()})
    ElementTree.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + ElementTree.tostring(root, encoding="utf-8")


def igv_archive(scene: Scene, *, genome_files: Mapping[str, bytes] | None = None) -> bytes:
    """A zip file of the session and all that it names.

    Parameters
    ----------
    genome_files : name -> content of a genome that IGV does not know: its FASTA first, then the indexes.
    """
    signals, regions = bigwig_members(scene), region_members(scene)
    told = {m.name: (m.title, "bw", m.about) for m in signals} | {m.name: (m.title, "bed", m.about) for m in regions}
    colours = {m.name: _colour(m.row.assay) for m in signals if isinstance(m.row, SignalRow)}
    files = {m.name: m.content for m in (*signals, *regions)}
    extra = dict(genome_files or {})
    genome = scene.assembly if scene.assembly in KNOWN_GENOMES else next(iter(extra), "")
    session = igv_session(scene, told, genome=genome, colours=colours)
    origins = origins_text(scene, (*signals, *regions), "" if genome else NO_GENOME)
    return archive({SESSION: session} | files | (extra if genome in extra else {}) | {ORIGINS: origins})


def _locus(scene: Scene) -> str:
    place = seen_of(scene)
    return f"{place.chrom}:{place.start + 1}-{place.end}"


def _colour(assay: str) -> str:
    code = TRACK_LIGHT.assays.get(assay, TRACK_LIGHT.other).lstrip("#")
    return ",".join(str(int(code[at : at + 2], 16)) for at in (0, 2, 4))


def _printable(text: str) -> str:
    """Without characters that XML cannot hold."""
    return "".join(c for c in text if c.isprintable())
