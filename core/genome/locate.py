"""What a person types into the box for a place: a locus, a chromosome or a gene."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.errors import InvalidLocusError, UnknownGeneError
from core.genome.annotation import Gene, Genes
from core.genome.contigs import find_contig
from core.genome.examples import example_place
from core.genome.interval import Interval, tidy
from core.genome.progress import OnProgress
from core.genome.reference import Reference

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*")
_DASHED = re.compile(r"[^\s:]+-[\d,.]+-[\d,.]+")
_NUMBERS = re.compile(r"[\d,.-]+")
_RS = re.compile(r"rs\d{1,12}", re.IGNORECASE)


@dataclass(frozen=True)
class _Asked:
    """An annotation that tells its progress."""

    annotation: Genes
    on_progress: OnProgress | None
    example: str

    def find(self, name: str) -> Gene:
        try:
            return self.annotation.find(name, on_progress=self.on_progress)
        except UnknownGeneError as error:
            if _RS.fullmatch(name):
                raise _database_name(name, self.example) from error
            raise


def _database_name(name: str, example: str) -> InvalidLocusError:
    return InvalidLocusError(f"{name!r} is the name of a variant in a database; type its place, such as {example}.")


def locate(
    text: str,
    reference: Reference,
    annotation: Genes | None = None,
    *,
    width_bp: int | None = None,
    on_progress: OnProgress | None = None,
) -> Interval:
    """The place that is meant.

    Parameters
    ----------
    annotation : where genes are looked up; None knows no genes.
    width_bp : the window wanted around a position or around the transcription start of a gene; None gives the single
        base, or the whole gene. A range stays as typed.
    on_progress : called with 0 to 1 while a gene is looked up, where that takes long; may raise to stop.

    Raises
    ------
    UnknownGeneError
        A name that is neither a chromosome nor a gene; the message offers names that look like it.
    InvalidLocusError
        No locus, or outside its chromosome.
    AnnotationError, GenomeUnavailableError
        The genes cannot be looked up.
    """
    given = tidy(text)
    is_name = _NAME.fullmatch(given) and not _DASHED.fullmatch(given)
    unknown = is_name and not _NUMBERS.fullmatch(given) and find_contig(given, reference.contigs) is None
    if annotation is None and unknown:
        if _RS.fullmatch(given):
            raise _database_name(given, example_place(reference.contigs))
        raise UnknownGeneError(
            f"{given[:40]!r} is no chromosome of {reference.name}, and no genes are loaded here; type a place such as "
            f"{next(iter(reference.contigs))}:1,000-2,000."
        )
    return Interval.parse(
        given,
        width_bp=width_bp,
        contigs=reference.contigs,
        genome=reference.name,
        annotation=None if annotation is None else _Asked(annotation, on_progress, example_place(reference.contigs)),
    )
