"""The VCF that was given, with scores in its INFO column; or a new one of variants that came from a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np

from core.effects.files import OnProgress, Scored, gene_of, opened_text
from core.effects.journal import RANKED_BY
from core.effects.lines import Lines
from core.effects.records import VcfLines

PREFIX = "ATT_"
_OF_LIST = "One number an alternative allele, '.' where it was not scored. "
_TOP = "of the track that changes most there"
# key -> (type, number of the journal, description)
NUMBERED = {
    "LOCAL_REF": ("Float", "local_ref", f"Predicted value around the variant with the reference allele, {_TOP}"),
    "LOCAL_ALT": ("Float", "local_alt", f"The same with the alternative allele, {_TOP}"),
    "LOCAL_EFFECT": ("Float", "local_effect", f"Alternative minus reference around the variant, {_TOP}"),
    "LOCAL_LOG2FOLD": ("Float", "local_log2_fold", f"log2((1 + alternative sum) / (1 + reference sum)), {_TOP}"),
    "SAD": ("Float", "effect", f"Alternative minus reference, means over the output window, {_TOP}"),
    "SAR": ("Float", "sar", f"log2(1 + alternative) - log2(1 + reference) of these means, {_TOP}"),
}
GENE_NUMBERED = {
    "TSS_DISTANCE": ("Integer", "tss_distance", "Base pairs from the nearest start to the variant, downstream above 0"),
    "GENE_EFFECT": ("Float", "gene_effect", f"Alternative minus reference at that start, {_TOP}"),
    "GENE_LOG2FOLD": ("Float", "gene_log2_fold", f"The same as log2((1 + alternative) / (1 + reference)), {_TOP}"),
}
LISTED = ("allele", "track", "local_ref", "local_alt", "local_effect", "local_log2_fold", "effect")
_OWN_HEADER = re.compile(rf"##(INFO=<ID={PREFIX}|attendome)")


def header_lines(scored: Scored, most_tracks: int) -> Iterator[str]:
    """What each INFO key means, and where the numbers come from."""
    for what, value in scored.told:
        yield f"##attendome_{what}={value}"
    for track in scored.tracks if len(scored.tracks) <= 64 else ():
        named = f"Description={_quoted(track.description)},Unit={_quoted(track.unit)}"
        yield f"##attendome_track=<ID={track.index},{named}>"
    yield _info(
        "TRACK", "A", "Integer", f"{_OF_LIST}Index of the track whose {RANKED_BY} around the variant is largest"
    )
    with_genes = scored.kept.plan.with_genes
    for key, (kind, _, words) in {**NUMBERED, **(GENE_NUMBERED if with_genes else {})}.items():
        yield _info(key, "A", kind, _OF_LIST + words)
    if with_genes:
        yield _info("GENE", "A", "String", f"{_OF_LIST}Gene whose start lies nearest in the window")
    listed = min(most_tracks, len(scored.tracks))
    many = f"the {listed} tracks that change most" if listed < len(scored.tracks) else "every track"
    yield _info(
        "TRACKS", ".", "String",
        f"For each scored allele {many}, the largest change first. Format: {'|'.join(LISTED)}; allele counts "
        "alternatives from 1, values are local means, effect is that of the output window",
    )  # fmt: skip


def _info(key: str, number: str, kind: str, words: str) -> str:
    return f"##INFO=<ID={PREFIX}{key},Number={number},Type={kind},Description={_quoted(words)}>"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else "."


class Annotator:
    """Turns finished variants into text for INFO."""

    def __init__(self, scored: Scored, most_tracks: int) -> None:
        self._scored, self._most = scored, most_tracks
        plan = scored.kept.plan
        self._places = {name: place for place, name in enumerate(plan.numbers)}
        self._numbered = {**NUMBERED, **(GENE_NUMBERED if plan.with_genes else {})}

    def info(self, records: list[np.void | None]) -> str:
        """Text for the alleles of one line, None for those without scores."""
        best = [None if one is None else self._order(one)[0] for one in records]
        parts = [self._list("TRACK", [None if b is None else str(self._scored.tracks[b].index) for b in best])]
        for key, (kind, name, _) in self._numbered.items():
            texts = []
            for one, place in zip(records, best, strict=True):
                value = np.nan if one is None else float(one["values"][place, self._places[name]])
                texts.append(f"{value:.0f}" if kind == "Integer" and np.isfinite(value) else _number(value))
            parts.append(self._list(key, texts))
        if self._scored.kept.plan.with_genes:
            names = [None if one is None else re.sub(r"[\s;,=|]", "_", gene_of(one)) for one in records]
            parts.append(self._list("GENE", names))
        rows = [
            "|".join([str(number), str(self._scored.tracks[place].index), *self._values(one, place)])
            for number, one in enumerate(records, 1)
            if one is not None
            for place in self._order(one)[: self._most]
        ]
        return ";".join([*parts, f"{PREFIX}TRACKS={','.join(rows)}"])

    def _order(self, record: np.void) -> np.ndarray:
        changed = np.abs(np.nan_to_num(record["values"][:, self._places[RANKED_BY]]))
        return np.argsort(-changed, kind="stable")

    def _values(self, record: np.void, place: int) -> list[str]:
        return [_number(float(record["values"][place, self._places[name]])) for name in LISTED[2:]]

    @staticmethod
    def _list(key: str, texts: list[str | None]) -> str:
        return f"{PREFIX}{key}={','.join(text or '.' for text in texts)}"


def write_vcf(
    scored: Scored,
    path: Path,
    *,
    source: Path | bytes | None = None,
    packed: bool = False,
    most_tracks: int = 10,
    on_progress: OnProgress = None,
) -> None:
    """Write it.

    Parameters
    ----------
    source : the VCF that was given, a file or what is in it: its header and records are copied, scored ones with more
        in INFO, all others as they are. Without one, or of a table, a VCF of the scored variants alone is made.

    Raises
    ------
    VariantFileError
        The source is gone.
    """
    annotator = Annotator(scored, most_tracks)
    with opened_text(path, packed=packed) as put:
        if source is not None and is_vcf(source):
            _copy(scored, annotator, source, put, most_tracks, on_progress)
        else:
            _make(scored, annotator, put, most_tracks, on_progress)


def _lines(source: Path | bytes) -> Lines:
    return Lines(BytesIO(source), "The file") if isinstance(source, bytes) else Lines(source)


def is_vcf(source: Path | bytes) -> bool:
    """Whether a file begins as a VCF does, or is called one."""
    for _, text in _lines(source):
        if text is not None and text.strip():
            named = isinstance(source, Path) and source.name.lower().endswith((".vcf", ".vcf.gz", ".vcf.bgz"))
            return named or text.startswith(("##fileformat=VCF", "#CHROM"))
    return False


def _copy(
    scored: Scored, annotator: Annotator, source: Path | bytes, put: Callable[[str], object], most_tracks: int,
    on_progress: OnProgress,
) -> None:  # fmt: skip
    lines, told, done = VcfLines(), False, 0
    finished = set(scored.kept.finished().tolist())
    for number, text in _lines(source):
        if text is None:
            continue
        if text.startswith("#") or not text.strip():
            lines.header(text)
            if text.upper().startswith("#CHROM") and not told:
                put("".join(f"{line}\n" for line in header_lines(scored, most_tracks)))
                told = True
            if not _OWN_HEADER.match(text):
                put(f"{text}\n")
            continue
        numbers = [one for one in scored.listed.by_line.get(number, ()) if one in finished]
        put(f"{_annotated(scored, annotator, lines, text, numbers) if numbers else text}\n")
        done += len(numbers)
        if on_progress is not None and done % 256 == 0 and finished:
            on_progress(done / len(finished))


def _annotated(scored: Scored, annotator: Annotator, lines: VcfLines, text: str, numbers: list[int]) -> str:
    columns = lines.columns(text)
    columns += ["."] * (8 - len(columns))
    given = {scored.listed.records[number].given[3]: number for number in numbers}
    alleles = [given.get(alt.strip()) for alt in columns[4].split(",")]
    records = iter(scored.kept.records([number for number in alleles if number is not None]))
    found = annotator.info([None if number is None else next(records) for number in alleles])
    before = [part for part in columns[7].split(";") if part not in ("", ".") and not part.startswith(PREFIX)]
    columns[7] = ";".join([*before, found])
    return "\t".join(columns)


def _make(
    scored: Scored, annotator: Annotator, put: Callable[[str], object], most_tracks: int, on_progress: OnProgress
) -> None:
    put("##fileformat=VCFv4.3\n")
    chosen = [(scored.listed.records[number], int(number)) for number in scored.kept.finished()]
    order = {chrom: place for place, chrom in enumerate(dict.fromkeys(one.variant.chrom for one, _ in chosen))}
    put("".join(f"##contig=<ID={chrom}>\n" for chrom in order))
    put("".join(f"{line}\n" for line in header_lines(scored, most_tracks)))
    put("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
    chosen.sort(key=lambda entry: (order[entry[0].variant.chrom], entry[0].variant.position))
    for done, (one, number) in enumerate(chosen, 1):
        variant = one.variant
        record = next(iter(scored.kept.records([number])))
        name = re.sub(r"[\s;]", "_", one.name) or "."
        row = (variant.chrom, str(variant.position), name, variant.ref, variant.alt, ".", ".", annotator.info([record]))
        put("\t".join(row) + "\n")
        if on_progress is not None:
            on_progress(done / len(chosen))
