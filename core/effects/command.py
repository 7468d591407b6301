"""Scoring a file of variants without the app: progress on stderr, resumed by giving the same command again.

Exit codes: 0 all done; 1 it could not be done; 2 the command cannot be read; 3 no record of the file can be scored;
130 stopped, with what was finished kept.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.effects.files import ENDINGS, Scored, drafted, ending_of, opened_text, rejected_table, write
from core.effects.job import Scoring, grid_words, measure, score_all, seconds_left
from core.effects.journal import Journal
from core.effects.listed import read_list
from core.enformer.averaging import Averaging
from core.errors import AttendomeError, SettingsError
from core.jobs import format_seconds
from core.settings import settings
from core.timing import Timings

if TYPE_CHECKING:
    from core.enformer.models import DnaModel
    from core.genome.reference import Reference

DONE, FAILED, NOTHING, STOPPED = 0, 1, 3, 130
UNFINISHED, REJECTED = ".unfinished", ".rejected.tsv"
_TELL_SECONDS = 0.5
_LINE_SECONDS = 30.0  # between lines where nobody watches a terminal
_BAR = 24


class Stopped(Exception):
    """A person, or the system, asked the program to end."""


def parser() -> argparse.ArgumentParser:
    """All options."""
    made = argparse.ArgumentParser(
        prog="python -m core.effects",
        description="Scores of variants from an Enformer: reference, alternative and effect.",
    )  # fmt: skip
    score = made.add_subparsers(dest="what", required=True).add_parser(
        "score", help="score a VCF, a table or a list of variants", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    score.add_argument("variants", type=Path, help="VCF (plain, gzip or bgzip), table or list of variants")
    score.add_argument("--out", type=Path, required=True, help=f"the result; it ends in {', '.join(ENDINGS)}")
    score.add_argument("--genome", default="", help="playground, hg38, or a FASTA file (default: ATTENDOME_GENOME)")
    score.add_argument("--model", default="official", help="official, playground, or a folder (default official)")
    score.add_argument("--tracks", type=_numbers, help='indices, for example "4828,5111" or "0-11" (default all)')
    score.add_argument("--head", default="human", help="human or mouse (default human)")
    score.add_argument("--rc", action="store_true", help="average with the reverse complement: twice the time")
    score.add_argument("--shifts", type=_shifts, default=(), help='and with shifts in bp, for example "-3,3"')
    score.add_argument(
        "--genes", nargs="?", const="", metavar="GTF",
        help="score the nearest gene's start too: of a GTF or BED file, or of the genes that belong to the genome",
    )  # fmt: skip
    score.add_argument("--vcf-tracks", type=int, default=10, help="tracks that a VCF lists for an allele (default 10)")
    score.add_argument("--fresh", action="store_true", help="forget what an earlier, unfinished run left")
    score.add_argument("--quiet", action="store_true", help="no progress")
    return made


def _numbers(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or (last and not last.isdigit()) or len(first + last) > 12:
            raise argparse.ArgumentTypeError(f"{text!r} names no tracks; give indices such as 4828,5111 or 0-11")
        if int(last or first) - int(first) > 100_000:
            raise argparse.ArgumentTypeError(f"{part!r} are more tracks than any model has")
        found += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(found))


def _shifts(text: str) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} are no shifts; give base pairs such as --shifts=-3,3") from error


class Teller:
    """Progress on stderr: one line that is written over where somebody watches, else a line now and then."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total, self._quiet = total, quiet
        self._terminal = sys.stderr.isatty()
        self._told = self._last = 0.0
        self._begun = time.monotonic()
        self._first: int | None = None

    def say(self, text: str) -> None:
        """A line of its own."""
        if not self._quiet:
            print(f"\r\033[K{text}" if self._terminal else text, file=sys.stderr, flush=True)

    def progress(self, done: int, seconds: float | None) -> None:
        """How many variants are finished, and how long it takes still."""
        now = time.monotonic()
        self._first = done if self._first is None else self._first
        if self._quiet or now - self._told < (_TELL_SECONDS if self._terminal else _LINE_SECONDS):
            return
        self._told = now
        share = done / max(1, self._total)
        rate = 60 * (done - self._first) / max(now - self._begun, 1e-9)
        left = "" if seconds is None else f", {format_seconds(seconds)} left"
        words = f"{done:,} of {self._total:,} variants, {rate:,.0f} a minute{left}"
        if self._terminal:
            bar = "#" * round(_BAR * share) + "." * (_BAR - round(_BAR * share))
            print(f"\r\033[K[{bar}] {words}", end="", file=sys.stderr, flush=True)
        else:
            print(words, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line that is written over."""
        if self._terminal and not self._quiet:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; see the module for what it returns."""
    given = parser().parse_args(arguments)
    handlers = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return _score(given)
    except AttendomeError as error:
        print(f"{error}", file=sys.stderr)
        return FAILED
    except Stopped:
        again = f"Stopped. What was finished is kept in {_unfinished(given.out)}; give the same command to go on."
        print(f"\n{again}", file=sys.stderr)
        return STOPPED
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _stop(*_: object) -> None:
    raise Stopped


def _unfinished(out: Path) -> Path:
    return out.with_name(out.name + UNFINISHED)


def _opened(given: argparse.Namespace) -> tuple[DnaModel, Reference]:
    from core.enformer import load_model
    from core.genome import open_genome

    model = load_model(given.model)
    return model, open_genome(given.genome or None)


def _score(given: argparse.Namespace) -> int:
    from core.enformer import EnformerEngine

    ending_of(given.out.name)
    if not given.out.parent.is_dir():
        raise SettingsError(f"There is no folder {given.out.parent}; make it, or give another --out.")
    if given.out.exists() and given.out.samefile(given.variants):
        raise SettingsError("--out is the file that is read; give another name.")
    teller = Teller(0, quiet=given.quiet)
    model, genome = _opened(given)
    engine = EnformerEngine(model, precision="float32")
    listed = read_list(
        given.variants, engine, genome, most=sys.maxsize, keep_fields=False,
    )  # fmt: skip
    _write_rejected(given.out, rejected_table(listed))
    for note in listed.notes:
        teller.say(note)
    if listed.rejected:
        left_out = len(listed.rejected) + listed.hidden
        teller.say(f"{left_out:,} records are not scored; each with its reason: {given.out.name}{REJECTED}")
    if not listed.records:
        print(f"{listed.name} has no variant that can be scored.", file=sys.stderr)
        return NOTHING
    genes = _genes(given, genome)
    averaging = Averaging(given.rc, given.shifts)
    scoring = Scoring(engine, genome, listed, given.tracks, given.head, averaging, genes)
    folder = _unfinished(given.out)
    if given.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    timings = Timings(settings().cache_folder / "timings.json")
    with Journal(folder, scoring.plan) as kept:
        teller = Teller(len(listed), quiet=given.quiet)
        teller.say(_words(scoring, kept, timings))
        score_all(scoring, kept, timings, teller.progress)
        teller.end()
        scored = Scored(listed, kept, scoring.columns, engine.input_bp)
        write(scored, given.out, source=given.variants, most_tracks=max(1, given.vcf_tracks))
    shutil.rmtree(folder, ignore_errors=True)
    teller.say(f"{len(listed):,} variants are in {given.out}")
    return DONE


def _words(scoring: Scoring, kept: Journal, timings: Timings) -> str:
    from core.effects.job import left_of

    left = left_of(scoring, kept)
    seconds = seconds_left(scoring, left, timings)
    if seconds is None:
        measure(scoring, timings)
        seconds = seconds_left(scoring, left, timings)
    said = f"{grid_words(scoring)}, {len(scoring.columns):,} tracks, {kept.plan.nbytes / 1e6:,.1f} MB of scores"
    if kept.done:
        said += f"; {kept.done:,} were finished before"
    return said if seconds is None else f"{said}; it takes {format_seconds(seconds)}"


def _genes(given: argparse.Namespace, genome: Reference):
    if given.genes is None:
        return None
    from core.genome import named_genome
    from core.genome.annotation_files import read_annotation

    if given.genes:
        return read_annotation(given.genes, assembly=genome.assembly)

    with suppress(AttendomeError):
        if (found := named_genome(given.genome or "default", settings()).genes(genome)) is not None:
            return found
    raise SettingsError(
        f"There are no genes for {genome.name}; leave out --genes, or give their file: --genes genes.gtf.gz"
    )


def _write_rejected(out: Path, table) -> None:
    """The list of what was left out beside the result; none where nothing was."""
    path = out.with_name(out.name + REJECTED)
    if not len(table):
        with suppress(OSError):
            path.unlink()
        return
    with drafted(path) as draft, opened_text(draft, packed=False) as put:
        put(table.to_csv(None, sep="\t", index=False, lineterminator="\n"))
