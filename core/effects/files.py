"""Scores of many variants as files: a table (TSV, Parquet), or the VCF that was given with scores in its INFO column.

Everything is written from a journal, a block of rows at a time, into a draft that takes the file's name when it is
whole.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.effects.journal import Journal
from core.effects.listed import VariantList
from core.effects.score import COLUMNS, GENE_COLUMNS
from core.effects.scores import local_bp
from core.enformer.tracks import Track
from core.errors import VariantFileError
from core.genome.interval import Interval

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".tsv", ".tsv.gz", ".parquet", ".vcf", ".vcf.gz")
BLOCK_ROWS = 50_000
DIGITS = "%.7g"
TEXTS = ("chrom", "ref", "alt", "kind", "name", "unit", "window", "gene")
WHOLE = ("pos", "track", "local_bp")
REJECTED_COLUMNS = ("line", "text", "reason", "offer")
OnProgress = Callable[[float], None] | None


@dataclass(frozen=True, eq=False)
class Scored:
    """A list of variants and what was found of them so far.

    Attributes
    ----------
    tracks : what the columns of the journal are. window_bp : width of a window.
    """

    listed: VariantList
    kept: Journal
    tracks: tuple[Track, ...]
    window_bp: int

    def __post_init__(self) -> None:
        if tuple(track.index for track in self.tracks) != self.kept.plan.tracks:
            raise ValueError("the tracks are not those of the journal")
        if len(self.listed) != self.kept.plan.variants:
            raise ValueError(f"{len(self.listed)} variants and a journal of {self.kept.plan.variants}")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: those of `core.effects.score_variants`."""
        return (*COLUMNS, *(GENE_COLUMNS if self.kept.plan.with_genes else ()))

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """(what, value) of where the numbers come from."""
        finished = f"{self.kept.done:,} of {len(self.listed):,} variants of {self.listed.name}"
        return (*self.kept.plan.told, ("scored", finished))

    def window(self, record: np.void) -> Interval:
        """The window that a finished variant was read in."""
        chrom = self.listed.records[int(record["number"])].variant.chrom
        return Interval(chrom, int(record["window"]), int(record["window"]) + self.window_bp)

    def blocks(self, on_progress: OnProgress = None) -> Iterator[pd.DataFrame]:
        """Tables of some 50,000 rows each, one row a variant and track, in the order of the list."""
        import pandas as pd

        numbers = self.kept.finished()
        many, done = max(1, BLOCK_ROWS // len(self.tracks)), 0
        for start in range(0, len(numbers), many):
            found = list(self.kept.records(numbers[start : start + many]))
            done += len(found)
            if found:
                yield pd.DataFrame(self._columns_of(found))[list(self.columns)]
            if on_progress is not None:
                on_progress(done / len(numbers))

    def _columns_of(self, found: Sequence[np.void]) -> dict[str, object]:
        each, tracks = len(self.tracks), self.tracks
        variants = [self.listed.records[int(record["number"])].variant for record in found]

        def of_variant(values: Sequence[object]) -> np.ndarray:
            return np.repeat(np.array(values, dtype=object), each)

        columns: dict[str, object] = {
            "chrom": of_variant([variant.chrom for variant in variants]),
            "pos": np.repeat(np.array([variant.position for variant in variants]), each),
            "ref": of_variant([variant.ref for variant in variants]),
            "alt": of_variant([variant.alt for variant in variants]),
            "kind": of_variant([variant.kind for variant in variants]),
            "track": np.tile([track.index for track in tracks], len(found)),
            "name": np.tile(np.array([track.description for track in tracks], dtype=object), len(found)),
            "unit": np.tile(np.array([track.unit for track in tracks], dtype=object), len(found)),
            "local_bp": np.tile([local_bp(track) for track in tracks], len(found)),
            "window": of_variant([self.window(record).locus for record in found]),
        }
        if self.kept.plan.with_genes:
            columns["gene"] = of_variant([gene_of(record) for record in found])
        values = np.stack([record["values"] for record in found])
        for place, name in enumerate(self.kept.plan.numbers):
            columns[name] = values[:, :, place].ravel()
        return columns


def gene_of(record: np.void) -> str:
    """Symbol of the gene that a variant was scored at, or ""."""
    return bytes(record["gene"]).decode(errors="replace")


def ending_of(name: str) -> str:
    """The kind of file by its name.

    Raises
    ------
    VariantFileError
        It ends in none of `ENDINGS`.
    """
    for ending in sorted(ENDINGS, key=len, reverse=True):
        if name.lower().endswith(ending):
            return ending
    raise VariantFileError(f"{name} has no ending that says its kind; give one of {', '.join(ENDINGS)}.")


def write(
    scored: Scored,
    path: Path,
    *,
    source: Path | bytes | None = None,
    most_tracks: int = 10,
    on_progress: OnProgress = None,
) -> None:
    """Write all that is finished, as the name of the file says.

    Parameters
    ----------
    source : the file that the variants were read from, for a VCF: it is copied line by line.
    most_tracks : tracks that a VCF lists for each allele, the largest change first.

    Raises
    ------
    VariantFileError
        The name has another ending, or the file cannot be written.
    """
    ending = ending_of(path.name)
    with drafted(path) as draft:
        if ending.startswith(".tsv"):
            write_tsv(scored, draft, packed=ending.endswith(".gz"), on_progress=on_progress)
        elif ending == ".parquet":
            write_parquet(scored, draft, on_progress=on_progress)
        else:
            from core.effects.vcf_file import write_vcf

            write_vcf(
                scored, draft, source=source, packed=ending.endswith(".gz"), most_tracks=most_tracks,
                on_progress=on_progress,
            )  # fmt: skip


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """A draft beside a file that takes its name when all went well.

    Raises
    ------
    VariantFileError
        The disk refuses.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.draft")
    try:
        yield draft
        os.replace(draft, path)
    except OSError as error:
        raise VariantFileError(
            f"{path} cannot be written ({error.strerror or error}); make room there or give another place. The scores "
            "are kept: only the file has to be written again."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink()


@contextmanager
def opened_text(path: Path, *, packed: bool) -> Iterator[Callable[[str], object]]:
    """What writes text to a file, compressed with bgzip where wanted (which gzip reads too)."""
    if packed:
        from Bio import bgzf

        with path.open("wb") as file:
            blocks = bgzf.BgzfWriter(fileobj=file)
            yield lambda text: blocks.write(text.encode())
            blocks.flush()
            file.write(bgzf._bgzf_eof)
    else:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file.write


def write_tsv(scored: Scored, path: Path, *, packed: bool = False, on_progress: OnProgress = None) -> None:
    """Tab-separated text: lines with ## that say where the numbers come from, the names of the columns, the rows."""
    with opened_text(path, packed=packed) as put:
        put("".join(f"##{what}={value}\n" for what, value in scored.told))
        put("\t".join(scored.columns) + "\n")
        for block in scored.blocks(on_progress):
            put(block.to_csv(None, sep="\t", index=False, header=False, float_format=DIGITS, lineterminator="\n"))


def write_parquet(scored: Scored, path: Path, *, on_progress: OnProgress = None) -> None:
    """Parquet, a row group a block; where the numbers come from is in the schema's metadata."""
    import pyarrow as pa
    from pyarrow import parquet

    def kind(name: str) -> pa.DataType:
        return pa.string() if name in TEXTS else pa.int64() if name in WHOLE else pa.float32()

    fields = [pa.field(name, kind(name)) for name in scored.columns]
    schema = pa.schema(fields, metadata=dict(scored.told))
    with parquet.ParquetWriter(path, schema, compression="zstd") as file:
        for block in scored.blocks(on_progress):
            file.write_table(pa.Table.from_pandas(block, schema=schema, preserve_index=False))


def rejected_table(listed: VariantList) -> pd.DataFrame:
    """One row a record that was left out: line (0 of what concerns the whole file), text, reason, offer."""
    import pandas as pd

    rows = [(0, listed.name, note, "") for note in listed.notes]
    rows += [(one.line, one.text, one.reason, "" if one.offer is None else str(one.offer)) for one in listed.rejected]
    if listed.hidden:
        rows.append((0, listed.name, f"{listed.hidden:,} more records cannot be used and are not listed.", ""))
    return pd.DataFrame(rows, columns=list(REJECTED_COLUMNS))
