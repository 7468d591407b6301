"""What is known of candidates: a table of CRISPRi tests, or the truth of the playground, laid on candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.enformer.candidates import Candidate
from core.enformer.enhancers import KnownLink
from core.errors import AnnotationError, InvalidLocusError
from core.genome.contigs import same_chromosome
from core.genome.interval import Interval

MAX_LABEL_BYTES = 10 * 1024**2
MAX_LABELS = 100_000
MAX_PROBLEMS = 20
UNTESTED, FALSE, TRUE = -1, 0, 1
LABEL_RULE = (
    "A candidate has the label of the tested stretch at least half of whose bases it holds; of a stretch that no "
    "candidate holds so much of, the candidate that holds most. A candidate with a true and a false one is true."
)
# Names of columns, as they are and as the harmonised CRISPRi tables of ENCODE and of Fulco et al. 2019 have them.
COLUMNS = {
    "chrom": ("chrom", "chr", "chromosome", "#chrom", "#chr", "chromosome_name"),
    "start": ("start", "chromstart", "element_start", "enhancer_start"),
    "end": ("end", "chromend", "stop", "element_end", "enhancer_end"),
    "gene": ("gene", "measuredgenesymbol", "genesymbol", "gene_symbol", "gene_name", "targetgene"),
    "label": ("label", "significant", "regulated", "is_true", "is_enhancer"),
}
_YES = {"1", "1.0", "true", "t", "yes", "y"}
_NO = {"0", "0.0", "false", "f", "no", "n"}
_SHAPE = "the columns chrom, start, end (0-based, half-open, as in BED), gene, and label (1 or 0) or significant"


@dataclass(frozen=True)
class Label:
    """A stretch that was tested for a gene: whether it drives it, and the line of the table, from 1."""

    interval: Interval
    gene: str
    is_true: bool
    line: int = 0


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Tested pairs of stretch and gene.

    Attributes
    ----------
    name : of the file, for people.
    problems : a sentence for each line that was left out, the first `MAX_PROBLEMS`; `left_out` counts them all.
    """

    name: str
    labels: tuple[Label, ...]
    problems: tuple[str, ...] = ()
    left_out: int = 0

    @cached_property
    def genes(self) -> tuple[str, ...]:
        """Names of genes, each once, in the order of the table."""
        return tuple(dict.fromkeys(label.gene for label in self.labels))

    def of_gene(self, gene: str) -> tuple[Label, ...]:
        """Those of one gene; upper and lower case do not matter."""
        return tuple(label for label in self.labels if label.gene.casefold() == gene.casefold())

    def candidates(self, gene: str) -> tuple[Candidate, ...]:
        """The stretches that were tested for a gene, as candidates, from left to right."""
        places = {(label.interval.start, label.interval.end): label.interval for label in self.of_gene(gene)}
        return tuple(Candidate(place, f"tested at {place.centre + 1:,}") for _, place in sorted(places.items()))


def read_labels(name: str, content: bytes | str) -> LabelTable:
    """A table of tests: tab or comma between columns, a line of names first.

    Parameters
    ----------
    name : of the file, for the sentences.
    content : the whole file; UTF-8.

    Raises
    ------
    AnnotationError
        It is empty, too large, no text, lacks a column, or no line of it can be used.
    """
    lines = _lines(name, content)
    if not lines:
        raise AnnotationError(f"{name} is empty; give a table with {_SHAPE}.")
    number, head = lines[0]
    split = "\t" if "\t" in head else ","
    places = _columns(name, head.split(split))
    if len(lines) - 1 > MAX_LABELS:
        raise AnnotationError(f"{name} has {len(lines) - 1:,} lines, and at most {MAX_LABELS:,} are read; give a part.")
    found: dict[tuple[str, int, int, str], Label] = {}
    problems: list[str] = []
    for number, line in lines[1:]:
        try:
            label = _label(number, line.split(split), places)
        except ValueError as error:
            problems.append(f"Line {number}: {error}")
            continue
        place = label.interval
        before = found.setdefault((place.chrom, place.start, place.end, label.gene.casefold()), label)
        if before is not label:
            what = "again" if before.is_true == label.is_true else "with the other label"
            problems.append(f"Line {number}: the stretch and gene of line {before.line} {what}; it is left out.")
    if not found:
        first = f" {problems[0]}" if problems else ""
        raise AnnotationError(f"{name} has no line that can be used; give a table with {_SHAPE}.{first}")
    return LabelTable(name, tuple(found.values()), tuple(problems[:MAX_PROBLEMS]), len(problems))


def _lines(name: str, content: bytes | str) -> list[tuple[int, str]]:
    """(number from 1, line), empty lines and comments behind the first line left out."""
    if len(content) > MAX_LABEL_BYTES:
        raise AnnotationError(
            f"{name} has {len(content) / 1e6:,.0f} MB, and {MAX_LABEL_BYTES / 1e6:.0f} MB are taken; give a part of it."
        )
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise AnnotationError(f"{name} is no text in UTF-8; save it as a table with tabs or commas.") from error
    if "\0" in content[:4096]:
        raise AnnotationError(f"{name} is no text; save it as a table with tabs or commas.")
    lines = [(number, line.rstrip("\r")) for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    while lines and lines[0][1].startswith("##"):
        lines.pop(0)
    return lines[:1] + [(number, line) for number, line in lines[1:] if not line.startswith("#")]


def _columns(name: str, head: list[str]) -> dict[str, int]:
    """Which column is which."""
    given = [cell.strip().strip('"').casefold() for cell in head]
    places = {}
    for what, names in COLUMNS.items():
        there = [given.index(each) for each in names if each in given]
        if not there:
            shown = ", ".join(cell.strip()[:20] for cell in head[:8])
            spaces = " They are separated by spaces; use tabs or commas." if len(head) == 1 and " " in head[0] else ""
            raise AnnotationError(f"{name} has no column {what} (its first line: {shown}); give {_SHAPE}.{spaces}")
        places[what] = there[0]
    return places


def _label(number: int, cells: list[str], places: dict[str, int]) -> Label:
    if len(cells) <= max(places.values()):
        raise ValueError(f"it has {len(cells)} columns, fewer than the first line; fill it up.")
    row = {what: cells[place].strip().strip('"') for what, place in places.items()}
    bounds = []
    for what in ("start", "end"):
        text = row[what].removesuffix(".0")
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise ValueError(f"{what} is {row[what][:20]!r}; give a whole number, 0-based as in BED.")
        bounds.append(int(text))
    if not row["gene"]:
        raise ValueError("the gene is empty; give its name.")
    word = row["label"].casefold()
    if word not in _YES | _NO:
        raise ValueError(f"the label is {row['label'][:20]!r}; give 1 (drives the gene) or 0 (tested, does not).")
    try:
        place = Interval(row["chrom"], *bounds)
    except InvalidLocusError as error:
        raise ValueError(str(error)) from error
    return Label(place, row["gene"][:100], word in _YES, number)


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of candidates.

    Attributes
    ----------
    labels : (candidates,) int8: `TRUE`, `FALSE`, or `UNTESTED` where nothing is known.
    shares : (candidates,) float64, of the expression, 0 to 1; None of a table of tests.
    missed : true stretches that no candidate holds.
    source : in words.
    """

    labels: np.ndarray
    missed: int
    source: str
    shares: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.labels.dtype != np.int8 or self.labels.ndim != 1 or self.missed < 0:
            raise ValueError(f"{self.labels.shape} {self.labels.dtype} labels, {self.missed} missed")
        if self.shares is not None and self.shares.shape != self.labels.shape:
            raise ValueError(f"{self.shares.shape} shares for {self.labels.shape} labels")
        self.labels.setflags(write=False)

    @property
    def tested(self) -> np.ndarray:
        """(candidates,) bool."""
        return self.labels != UNTESTED

    @property
    def is_true(self) -> np.ndarray:
        """(candidates,) bool."""
        return self.labels == TRUE


def known_of_labels(labels: Iterable[Label], candidates: Sequence[Candidate], seen: Interval, source: str) -> Known:
    """Tests of one gene laid on its candidates; a candidate that holds no tested stretch stays untested."""
    found = np.full(len(candidates), UNTESTED, np.int8)
    missed = 0
    for label in labels:
        if not seen.contains(label.interval):
            continue
        at = _holders(label.interval, candidates)
        missed += label.is_true and not len(at)
        found[at] = np.maximum(found[at], TRUE if label.is_true else FALSE)
    return Known(found, missed, source)


def known_of_links(links: Iterable[KnownLink], candidates: Sequence[Candidate], seen: Interval, source: str) -> Known:
    """The truth about one gene laid on its candidates: what holds no driving stretch is false."""
    found, shares = np.zeros(len(candidates), np.int8), np.zeros(len(candidates))
    missed = 0
    for link in links:
        if not seen.contains(link.interval):
            continue
        at = _holders(link.interval, candidates)
        missed += link.is_true and not len(at)
        shares[at] += link.share
        found[at] |= link.is_true
    return Known(found, missed, source, shares)


def _holders(place: Interval, candidates: Sequence[Candidate]) -> np.ndarray:
    """Numbers of the candidates that a stretch belongs to; see `LABEL_RULE`."""
    shared = np.array(
        [
            min(place.end, c.interval.end) - max(place.start, c.interval.start)
            if same_chromosome(place.chrom, c.interval.chrom)
            else 0
            for c in candidates
        ],
        dtype=np.int64,
    )
    if not len(shared) or shared.max() <= 0:
        return np.zeros(0, np.int64)
    half = np.flatnonzero(2 * shared >= place.width_bp)
    return half if len(half) else np.array([shared.argmax()])
