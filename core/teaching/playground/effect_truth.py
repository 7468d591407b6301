"""Variants of the playground whose effect is known: half change letters that matter, half change letters that do not.

`python -m core.teaching.playground.effect_truth` scores the shipped table (`assets/playground/variants.tsv`) with the
playground's model and prints how well it does; `--build` makes the table again.

Causal: one letter of a site (of any of the ten factors), where the grammar says that the mean of some track around the
variant changes by at least 0.1. Half of them are losses, in sites that are at least half occupied; half are gains, in
weaker sites within 120 bp of such a one, so that a guess of always the same direction is right in half of them. At most
one variant a site, drawn from a seed.
Neutral: for each of them the nearest place outside every site with the same three letters and the same change, where
the grammar says that no track changes by more than 0.001; so neither the place, nor the letters, nor CpG tells them
apart. "Around" is what the local score takes: 501 bp, and 2,001 bp for histone marks.

A variant's effect, with its sign, is the mean of its local effects on the two DNASE tracks; its strength is the root of
the summed squares of its local effects on all twelve. The same two numbers are made of truth and of prediction.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.cards import Provenance
from core.effects.evaluation import Evaluation, Labelled, evaluate
from core.effects.score import iter_effects
from core.effects.scores import local_scores
from core.effects.values import VariantEffect
from core.errors import AttendomeError, GenomeFileError
from core.genome import Interval, Variant
from core.teaching.playground.card import track_table
from core.teaching.playground.files import FOLDER, playground_fasta, sha256_of
from core.teaching.playground.grammar import BIN_SIZE_BP, GRAMMAR_VERSION, TRACKS
from core.teaching.playground.heldout import HELD_OUT, Bar
from core.teaching.playground.motifs import Motif, motifs
from core.teaching.playground.occupancy import SITE_OCCUPANCY, Site, encode, occupancy, scores, sites
from core.teaching.playground.world import OUTPUT_BINS, world

if TYPE_CHECKING:
    from core.enformer.engine import EnformerEngine

FILE = "variants.tsv"
COUNT = 250  # of each kind
SEED = 9
STRONG, ZERO = 0.1, 0.001  # mean coverage around the variant
NO_OCCUPANCY = 1e-4  # summed change of occupancy that is looked at no further
WEAK_OCCUPANCY, LEAST_GAIN, BESIDE_BP = 0.02, 0.3, 120
NEAREST_BP, FARTHEST_BP = 20, 50_000
COLUMNS = ("chrom", "pos", "ref", "alt", "causal", "motif", "effect", "strength", "tss_distance")
DNASE = tuple(number for number, name in enumerate(TRACKS) if name.startswith("DNASE"))
AUROC, SPEARMAN, SIGNS = 0.9, 0.7, 0.95
_REACH = max(len(motif) for motif in motifs())


def true_effect(variant: Variant) -> VariantEffect:
    """What the grammar says of one variant, as a value like a prediction's: 256 bins around it."""
    place = variant.interval
    first = (place.start // BIN_SIZE_BP - OUTPUT_BINS // 2) * BIN_SIZE_BP
    return _true_effect(variant, Interval(place.chrom, first, first + OUTPUT_BINS * BIN_SIZE_BP), None)


def _true_effect(variant: Variant, shown: Interval, ref: np.ndarray | None) -> VariantEffect:
    shared = world()
    ref = shared.truth(shown) if ref is None else ref
    alt = shared.truth(shown, edits=[variant])
    return VariantEffect(
        variant=variant,
        changes=(variant,),
        ref_runs=ref[None],
        alt_runs=alt[None],
        tracks=track_table().tracks,
        interval=shown,
        window=shown,
        deleted=np.zeros(len(ref), bool),
        bin_size_bp=BIN_SIZE_BP,
        first_bin=0,
        head="human",
        provenance=Provenance("playground grammar", GRAMMAR_VERSION, "local"),
        sequence_digest="",
    )


def local_effects(effect: VariantEffect) -> np.ndarray:
    """(tracks,) float64: mean effect around the variant, of truth or of a prediction."""
    return local_scores(effect)["local"].effect


def direction(effects: np.ndarray) -> float:
    """The effect with its sign, of (12,) local effects."""
    return float(effects[list(DNASE)].mean())


def strength(effects: np.ndarray) -> float:
    """How much changes, of (tracks,) local effects.

    Source: the L2 score of Linder et al. 2025 (Borzoi), here over tracks in the place of bins.
    """
    return float(np.sqrt(np.square(effects).sum()))


def _occupancy_change(before: np.ndarray, after: np.ndarray) -> float:
    """Summed change of what factors sit where, of codes around a variant."""
    changed = 0.0
    for motif in motifs():
        for reverse in (False, True):
            held = (occupancy(scores(codes, motif, reverse=reverse), motif.threshold) for codes in (before, after))
            changed += float(np.abs(np.subtract(*held)).sum())
    return changed


def _is_quiet(codes: np.ndarray, place: int, alt: int) -> bool:
    around = slice(max(0, place - _REACH), place + _REACH + 1)
    after = codes[around].copy()
    after[place - around.start] = alt
    return _occupancy_change(codes[around], after) < NO_OCCUPANCY


def _distance(chrom: str, place: int) -> int:
    return min(abs(gene.tss - place) for gene in world().genes[chrom])


def _causal_candidates(
    found: tuple[Site, ...], codes: np.ndarray, generator: np.random.Generator
) -> Iterator[tuple[int, int, str, bool]]:
    """(place, alternative code, motif, whether it is a gain) of one letter of each site in random order.

    Overlapping sites count as one.
    """
    taken = np.zeros(len(codes), bool)
    known = {motif.name: motif for motif in motifs()}
    held = np.array([(site.start + site.end) // 2 for site in found if site.occupancy >= SITE_OCCUPANCY])
    for number in generator.permutation(len(found)):
        site = found[number]
        if taken[site.start : site.end].any():
            continue
        gains = _gains(site, known[site.motif], codes)
        if site.occupancy >= SITE_OCCUPANCY:
            place = int(generator.integers(site.start, site.end))
            alt, gain = int(generator.choice([code for code in range(4) if code != codes[place]])), False
        elif len(gains) and (np.abs(held - (site.start + site.end) // 2) <= BESIDE_BP).any():
            (place, alt), gain = (int(one) for one in generator.choice(gains)), True
        else:
            continue
        taken[site.start : site.end] = True
        yield place, alt, site.motif, gain


def _gains(site: Site, motif: Motif, codes: np.ndarray) -> np.ndarray:
    """(changes, 2): (place, alternative code) of the changes that raise a site's occupancy by at least `LEAST_GAIN`."""
    weights = motif.log_odds if site.strand == "+" else motif.log_odds[::-1, ::-1]
    own = weights[np.arange(len(weights)), codes[site.start : site.end]]
    after = occupancy(site.score - own[:, None] + weights, motif.threshold)
    places, alts = np.nonzero(after >= site.occupancy + LEAST_GAIN)
    return np.stack([places + site.start, alts], axis=1)


def _neutral_places(codes: np.ndarray, in_site: np.ndarray, place: int) -> Iterator[int]:
    """Places outside every site with the same three letters, the nearest first."""
    for away in range(NEAREST_BP, FARTHEST_BP):
        for other in (place - away, place + away):
            inside = 1 <= other < len(codes) - 1 and not in_site[other]
            if inside and (codes[other - 1 : other + 2] == codes[place - 1 : place + 2]).all():
                yield other


def _row(chrom: str, place: int, ref: int, alt: int, motif: str, effects: np.ndarray) -> tuple:
    return (
        *(chrom, place + 1, "ACGT"[ref], "ACGT"[alt], int(bool(motif)), motif or "."),
        *(round(direction(effects), 6), round(strength(effects), 6), _distance(chrom, place)),
    )


def build_table(
    count: int = COUNT, *, seed: int = SEED, chrom: str = HELD_OUT, on_progress: Callable[[float], None] | None = None
) -> pd.DataFrame:
    """`count` causal and as many neutral variants of a chromosome, see the module's first lines; about 5 minutes."""
    shared = world()
    codes = encode(shared.genome.fetch(Interval(chrom, 0, shared.genome.contigs[chrom])))
    found = sites(codes, least=WEAK_OCCUPANCY)
    in_site = np.zeros(len(codes), bool)
    for site in found:
        in_site[site.start : site.end] |= site.occupancy >= SITE_OCCUPANCY
    generator = np.random.default_rng(seed)

    def effects_at(place: int, alt: int) -> np.ndarray:
        variant = Variant(chrom, place + 1, "ACGT"[codes[place]], "ACGT"[alt])
        return local_effects(true_effect(variant))

    rows, used, wanted = [], set(), {True: count // 2, False: count - count // 2}
    for place, alt, motif, gain in _causal_candidates(found, codes, generator):
        if not wanted[gain]:
            continue
        own = effects_at(place, alt)
        if np.abs(own).max() < STRONG or (direction(own) > 0) != gain:
            continue
        for other in _neutral_places(codes, in_site, place):
            if other in used or not _is_quiet(codes, other, alt):
                continue
            beside = effects_at(other, alt)
            if np.abs(beside).max() > ZERO:
                continue
            used.add(other)
            rows.append(_row(chrom, place, int(codes[place]), alt, motif, own))
            rows.append(_row(chrom, other, int(codes[other]), alt, "", beside))
            wanted[gain] -= 1
            break
        if on_progress is not None:
            on_progress(len(rows) / (2 * count))
        if len(rows) >= 2 * count:
            break
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values(["chrom", "pos"], ignore_index=True)


def _first_line(text: str) -> str:
    """What the table was made with, and its own digest."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"# grammar={GRAMMAR_VERSION} genome={sha256_of(playground_fasta())[:16]} sha256={digest}\n"


def write_table(table: pd.DataFrame, path: Path) -> None:
    """The table as it is shipped: tab separated, a first line that says what it was made with."""
    text = table.to_csv(sep="\t", index=False, lineterminator="\n")
    path.write_text(_first_line(text) + text, encoding="utf-8")


def true_variants(path: Path = FOLDER / FILE) -> pd.DataFrame:
    """The shipped table.

    Returns
    -------
    One row a variant, columns chrom, pos (1-based), ref, alt, causal (bool), motif ("" of neutral ones), effect and
    strength (simulated, see the module's first lines), tss_distance (bp to the nearest start).

    Raises
    ------
    GenomeFileError
        It is missing, damaged, or was made of another genome.
    """
    try:
        first, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        first, text = "", ""
    if not text or f"{first}\n" != _first_line(text):
        raise GenomeFileError(
            f"The playground file {path.name} is missing or differs from the one that was shipped; fetch the "
            "repository again, or make it with: python -m core.teaching.playground.effect_truth --build"
        )
    table = pd.read_csv(io.StringIO(text), sep="\t", dtype={"chrom": str}).astype({"causal": bool})
    return table.assign(motif=table.motif.where(table.causal, ""))


def variants_of(table: pd.DataFrame) -> tuple[Variant, ...]:
    """The variants of its rows."""
    return tuple(Variant(*row) for row in table[["chrom", "pos", "ref", "alt"]].itertuples(index=False))


def example_vcf() -> str:
    """The shipped variants as a VCF without samples; their labels and simulated effects stand in INFO."""
    shared = world()
    lines = [
        "##fileformat=VCFv4.3",
        f"##source=playground: simulated genome, grammar {GRAMMAR_VERSION}; nobody has these variants",
        *(f"##contig=<ID={name},length={length}>" for name, length in shared.genome.contigs.items()),
        '##INFO=<ID=CAUSAL,Number=0,Type=Flag,Description="A letter of a site whose change moves the tracks">',
        '##INFO=<ID=TRUTH,Number=1,Type=Float,Description="Simulated local effect on DNASE, mean of both cell types">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    for row in true_variants().itertuples():
        name = f"{row.motif.replace('::', '-') or 'neutral'}_{row.pos}"
        info = f"{'CAUSAL;' * row.causal}TRUTH={row.effect:g}"
        lines.append(f"{row.chrom}\t{row.pos}\t{name}\t{row.ref}\t{row.alt}\t.\tPASS\t{info}")
    return "\n".join(lines) + "\n"


def predicted(
    engine: EnformerEngine, table: pd.DataFrame, on_progress: Callable[[float], None] | None = None
) -> np.ndarray:
    """(variants, 12) float64: local effects that a model predicts, in the order of the table."""
    found = np.full((len(table), len(TRACKS)), np.nan)
    effects = iter_effects(engine, world().genome, variants_of(table), on_progress=on_progress)
    for number, effect in effects:
        found[number] = local_effects(effect)
    return found


def labelled(table: pd.DataFrame, effects: np.ndarray) -> Labelled:
    """The shipped truth against (variants, 12) predicted local effects."""
    return Labelled(
        strength=np.array([strength(row) for row in effects]),
        direction=np.array([direction(row) for row in effects]),
        causal=table.causal.to_numpy(bool).copy(),
        measured=table.effect.to_numpy(np.float64).copy(),
        distances_bp=table.tss_distance.to_numpy(np.float64).copy(),
    )


def bars(found: Evaluation) -> Iterable[Bar]:
    """What the model has to reach."""
    yield Bar("AUROC, causal against neutral", found.measure("AUROC").value, least=AUROC)
    yield Bar("Spearman with the simulated effect, causal", found.measure("Spearman").value, least=SPEARMAN)
    name = "sign accuracy, strongest fifth"
    yield Bar(f"{name} of the causal", found.measure(name).value, least=SIGNS)


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    from core.enformer import EnformerEngine, load_model

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", action="store_true", help="make the table again and write it")
    parser.add_argument("--model", default="playground", help="a model with the playground's tracks")
    given = parser.parse_args(arguments)

    def told(share: float) -> None:
        if sys.stderr.isatty():
            print(f"\r{share:6.1%}", end="", file=sys.stderr, flush=True)

    try:
        if given.build:
            write_table(build_table(on_progress=told), FOLDER / FILE)
        table = true_variants()
        engine = EnformerEngine(load_model(given.model), precision="float32")
        found = evaluate(labelled(table, predicted(engine, table, told)))
    except AttendomeError as error:
        sys.exit(str(error))
    groups = dict.fromkeys(one.group for one in found.measures)
    for group in groups:
        print(f"\n{group}")
        for one in found.measures:
            if one.group == group:
                print(f"  {one.line}")
    print()
    for bar in bars(found):
        print(bar.line)
    sys.exit(0 if all(bar.met for bar in bars(found)) else 1)


if __name__ == "__main__":
    main()
