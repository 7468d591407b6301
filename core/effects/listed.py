"""A list of variants that was read and checked, ready to be scored, with every record that was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core.effects.read import MAX_REJECTED, VariantReader
from core.effects.records import Record, shortened
from core.effects.values import Rejected
from core.effects.windows import Letters, prepared
from core.errors import AttendomeError, GenomeUnavailableError, VariantFileError
from core.genome.reference import Reference
from core.settings import Settings, settings

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

OnRejected = Callable[[Rejected], None]
_TELL_EVERY = 256


@dataclass(frozen=True, eq=False)
class VariantList:
    """Variants that fit the genome and the model.

    Attributes
    ----------
    name : what the file is called. records : one each, left-normalised, in the order of the file.
    rejected : every record that is not scored, by line; at most `MAX_REJECTED`, `hidden` are not listed.
    notes : sentences about the whole file.
    """

    name: str
    records: tuple[Record, ...]
    rejected: tuple[Rejected, ...] = ()
    hidden: int = 0
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of variants to score."""
        return len(self.records)

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits that two lists share only if they hold the same variants in the same order."""
        digest = hashlib.sha256()
        for record in self.records:
            digest.update(f"{record.variant}\n".encode())
        return digest.hexdigest()

    @cached_property
    def by_line(self) -> dict[int, list[int]]:
        """Numbers of the variants of each line."""
        found: dict[int, list[int]] = {}
        for number, record in enumerate(self.records):
            found.setdefault(record.line, []).append(number)
        return found


def check_upload(name: str, size_bytes: int, options: Settings | None = None) -> None:
    """Refuse a file that is too large for a page.

    Raises
    ------
    VariantFileError
        It has more bytes than ATTENDOME_MAX_VCF_MB allows.
    """
    limit = (options or settings()).max_vcf_bytes
    if size_bytes > limit:
        raise VariantFileError(
            f"{name} has {size_bytes / 1e6:,.0f} MB and a page takes {limit / 1e6:,.0f} MB; cut it to the regions that "
            "matter, raise ATTENDOME_MAX_VCF_MB, or score it without a browser: "
            "python -m core.effects score FILE --out scores.tsv"
        )


def read_list(
    source: Path | BinaryIO,
    engine: EnformerEngine,
    genome: Reference,
    *,
    name: str = "",
    most: int | None = None,
    keep_fields: bool = True,
    on_rejected: OnRejected | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> VariantList:
    """Read a VCF, a table or a list of variants, and check each against the genome and the model.

    Parameters
    ----------
    most : variants taken at most; None is ATTENDOME_MAX_VARIANTS.
    keep_fields : whether the other columns of each line are kept, as labels are wanted.
    on_rejected : called with each record that is left out, also those beyond what is listed.
    on_progress : called with the number of variants and of bytes read so far; it may raise to give up.

    Raises
    ------
    VariantFileError
        The file is not there, or is no text.
    GenomeUnavailableError
        The genome cannot be read.
    """
    most = settings().max_variants if most is None else most
    reader, letters = VariantReader(source, genome, name=name), Letters(genome)
    records: list[Record] = []
    rejected: list[Rejected] = []
    hidden, notes = 0, []

    def leave_out(one: Rejected) -> None:
        nonlocal hidden
        if on_rejected is not None:
            on_rejected(one)
        if len(rejected) < MAX_REJECTED:
            rejected.append(one)
        else:
            hidden += 1

    for one in reader:
        if isinstance(one, Record):
            try:
                variant = prepared(engine, letters, one.variant, letters=letters)
            except GenomeUnavailableError:
                raise
            except AttendomeError as error:
                one = Rejected(one.line, shortened(" ".join(one.given)), str(error))
            else:
                if len(records) == most:
                    notes.append(
                        f"{reader.name} has more than {most:,} variants, and as many are taken at once; the rest, from "
                        f"line {one.line:,} on, was not read. Cut the file, or raise ATTENDOME_MAX_VARIANTS."
                    )
                    break
                records.append(replace(one, variant=variant, fields=one.fields if keep_fields else {}))
        if isinstance(one, Rejected):
            leave_out(one)
        if on_progress is not None and (len(records) + len(rejected)) % _TELL_EVERY == 0:
            on_progress(len(records), reader.bytes_read)
    return VariantList(
        name=reader.name,
        records=tuple(records),
        rejected=tuple(rejected),
        hidden=hidden,
        notes=(*notes, *reader.notes),
    )
