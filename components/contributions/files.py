"""Files of contributions: of what is seen, or of all that is known."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from components.tracks.exports import archive, free_name
from core.attribution.values import METHOD_TITLES, ContributionScores
from core.genome.bigwig_file import bigwig_bytes
from core.genome.interval import Interval

if TYPE_CHECKING:
    import pandas as pd

ORIGINS = "PROVENANCE.txt"
BASES = "ACGT"


@dataclass(frozen=True, eq=False)
class Taken:
    """Scores to take away.

    Attributes
    ----------
    short : of the question. unit : of the values. origin : of a simulated genome, "" of any other.
    """

    scores: ContributionScores
    short: str
    unit: str
    origin: str = ""

    @property
    def title(self) -> str:
        """For example "Gradient × input, CAGE erythroid (6)"."""
        return f"{METHOD_TITLES[self.scores.method]}, {self.short}"

    @property
    def provenance(self) -> str:
        """Where it comes from."""
        return " · ".join(filter(None, (self.scores.provenance.sentence, self.origin)))

    def part(self, seen: Interval | None, contig_bp: int) -> slice:
        """The letters that are on the chromosome, and seen where that is asked for."""
        place = self.scores.interval
        assert place is not None
        low, high = (0, contig_bp) if seen is None else (max(0, seen.start), min(contig_bp, seen.end))
        first = min(max(0, low - place.start), len(self.scores))
        return slice(first, max(first, min(len(self.scores), high - place.start)))


def contributions_table(taken: Sequence[Taken], seen: Interval | None, contig_bp: int) -> pd.DataFrame:
    """One row a letter of each question and method, exact in float32; letters that were not computed are left out.

    Columns: provenance, target, method, unit, chrom, position (from 1), letter, contribution, spread, effect_A ..
    effect_T (mutagenesis: this letter instead), slope_A .. slope_T (gradients: what multiplies the input).
    """
    import pandas as pd

    tables = []
    for one in taken:
        scores, part = one.scores, one.part(seen, contig_bp)
        assert scores.interval is not None
        length = part.stop - part.start
        nothing = np.full((length, 4), np.nan, np.float32)
        effects = scores.values[part] if scores.is_mutagenesis else nothing
        slopes = nothing if scores.hypothetical is None else scores.hypothetical[part]
        per_base = scores.per_base[part]
        known = np.isfinite(per_base)
        columns = {
            "provenance": one.provenance,
            "target": scores.target.name,
            "method": scores.method,
            "unit": one.unit,
            "chrom": scores.interval.chrom,
            "position": (scores.interval.start + 1 + np.arange(part.start, part.stop))[known],
            "letter": np.array(list(scores.letters[part]), dtype=object)[known],
            "contribution": per_base[known],
            "spread": np.nan if scores.spread is None else scores.spread[part][known],
        }
        columns |= {f"effect_{base}": effects[known, place] for place, base in enumerate(BASES)}
        columns |= {f"slope_{base}": slopes[known, place] for place, base in enumerate(BASES)}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def contributions_csv(taken: Sequence[Taken], seen: Interval | None, contig_bp: int) -> bytes:
    """`contributions_table` as UTF-8 CSV with nine significant digits, which give float32 back exactly."""
    text = contributions_table(taken, seen, contig_bp).to_csv(index=False, float_format="%.9g")
    return text.encode()


def _places(one: Taken, seen: Interval | None, contig_bp: int) -> tuple[np.ndarray, np.ndarray]:
    """(positions from 0, contributions) of the letters that were computed."""
    part = one.part(seen, contig_bp)
    assert one.scores.interval is not None
    values = one.scores.per_base[part]
    known = np.isfinite(values)
    return (one.scores.interval.start + np.arange(part.start, part.stop))[known], values[known]


def contributions_bedgraph(taken: Sequence[Taken], seen: Interval | None, contig_bp: int) -> bytes:
    """Each question and method under its own track line; one line a letter, 0-based and half-open.

    Source: bedGraph format of the UCSC Genome Browser.
    """

    def lines() -> Iterator[str]:
        for one in taken:
            assert one.scores.interval is not None
            told = _quoted(f"{one.scores.target.name}, {one.unit}, {one.provenance}")
            name = _quoted(one.title)
            yield f'track type=bedGraph name="{name}" description="{told}" visibility=full autoScale=on\n'
            chrom = one.scores.interval.chrom
            for place, value in zip(*_places(one, seen, contig_bp), strict=True):
                yield f"{chrom}\t{place}\t{place + 1}\t{value:.9g}\n"

    return "".join(lines()).encode()


def _quoted(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


def contributions_bigwig(taken: Sequence[Taken], seen: Interval | None, contig_bp: int) -> bytes:
    """A zip file with a bigWig file for each question and method, and a text of their origin and units."""
    names: set[str] = set()
    members, said = {}, []
    for one in taken:
        starts, values = _places(one, seen, contig_bp)
        if not len(starts):
            continue
        assert one.scores.interval is not None
        chrom, name = one.scores.interval.chrom, free_name(one.title, ".bw", names)
        members[name] = bigwig_bytes({chrom: contig_bp}, chrom, starts, starts + 1, values)
        said.append(f"{name}: {one.title}. {one.scores.target.name}. Unit: {one.unit}. {one.provenance}")
    return archive(members | {ORIGINS: "\n".join([*said, ""]).encode()})


def contributions_npz(taken: Sequence[Taken], seen: Interval | None, contig_bp: int) -> bytes:
    """All arrays as a compressed NPZ that loads without pickle.

    Of the first question and method "0_values" (length, 4) float32, columns A, C, G, T, as `ContributionScores` has
    them, "0_contribution" (length,), "0_letters", "0_start" (0-based, on the chromosome), "0_spread" and "0_slopes"
    where they are known; of the second "1_values" and so on. "about" is one JSON string with the same numbers.
    """
    arrays, told = {}, []
    for number, one in enumerate(taken):
        scores, part = one.scores, one.part(seen, contig_bp)
        assert scores.interval is not None
        arrays |= {
            f"{number}_values": scores.values[part],
            f"{number}_contribution": scores.per_base[part],
            f"{number}_letters": np.array(scores.letters[part]),
            f"{number}_start": np.array(scores.interval.start + part.start),
        }
        if scores.spread is not None:
            arrays[f"{number}_spread"] = scores.spread[part]
        if scores.hypothetical is not None:
            arrays[f"{number}_slopes"] = scores.hypothetical[part]
        target = scores.target
        told.append(
            {
                "target": target.name, "tracks": target.tracks, "against": target.against, "bins": target.bins,
                "head": target.head, "target_value": scores.target_value, "method": scores.method, "unit": one.unit,
                "chrom": scores.interval.chrom, "runs": scores.runs, "provenance": one.provenance,
                "convergence_error": scores.convergence_error,
            }
        )  # fmt: skip
    buffer = io.BytesIO()
    np.savez_compressed(buffer, about=np.array(json.dumps(told)), **arrays)
    return buffer.getvalue()
