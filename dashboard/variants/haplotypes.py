"""Haplotypes: all phased variants of a person in the window, made together, against the reference."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import streamlit as st

from components.browser import render_browser
from components.browser.scene import Place, Row, Scene, Window
from components.effects.people import JOINT, haplotype_rows, joint_table, people_words, variants_row
from components.effects.state import RANK, SAMPLE
from components.effects.tracks import shown_tracks
from components.messages import plain
from core import runtime_effects
from core.effects.haplotypes import HaplotypeEffects, Haplotypes, haplotypes_of, samples_of
from core.effects.values import VariantEffect
from core.errors import AttendomeError
from core.genome.interval import Interval
from core.teaching.playground.files import playground_people
from dashboard.tracks.near import genes_near
from dashboard.variants.asking import get, render_getting
from dashboard.variants.browse import contig_bp
from dashboard.variants.found import Found, found_of, true_changes
from dashboard.variants.questions import haplotype_question, haplotype_seconds

KEY, UPLOAD, SLOT = "var_people_browser", "var_people_file", "haplotypes"
MAX_MB = 50
ROWS, LISTED, MOST_ROWS = 2, 12, 400


def render_haplotypes(found: Found) -> tuple[HaplotypeEffects, dict[int, Found]] | None:
    """The choice of a person, and a picture of what both haplotypes do to the window of the variant.

    Returns
    -------
    The effects, and each haplotype's with its scores, by its number; None while they are not known.
    """
    source, key = _source(found)
    if source is None:
        st.caption("Upload a phased VCF (0|1) with samples to see both haplotypes of a person in this window.")
        return None
    try:
        names = runtime_effects.derived(("samples", key), lambda: samples_of(_opened(source)))
        if not names:
            st.info("This VCF has no samples, so nobody's haplotypes are in it; give one with genotypes.")
            return None
        sample = _choose_sample(names)
        place = Interval(found.effect.interval.chrom, found.effect.interval.start, found.effect.interval.end)
        carried = runtime_effects.derived(
            ("carried", key, sample, place, found.ask.ground.reference.identity),
            lambda: haplotypes_of(_opened(source), sample, _inside(found, place), found.ask.ground.reference),
        )
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return None
    _say(carried, found)
    if not carried.first and not carried.second:
        st.caption("So both haplotypes read as the reference does.")
        return None
    window = Interval(found.effect.window.chrom, found.effect.window.start, found.effect.window.end)
    try:
        question = haplotype_question(found.ask, carried, window)
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return None
    getting = get(
        question, f"Haplotypes of {sample}, {place.locus}", slot=SLOT, saying="Reading both haplotypes",
        seconds=lambda: haplotype_seconds(found.ask, carried, window), runs=2 + len({*carried.first, *carried.second}),
    )  # fmt: skip
    if getting.state != "ready":
        render_getting(getting, verb="Predict both haplotypes")
        return None
    return getting.answer, _show(found, getting.answer, question.key)


def _inside(found: Found, place: Interval) -> Interval:
    return Interval(place.chrom, max(0, place.start), min(contig_bp(found), place.end))


def _source(found: Found) -> tuple[Path | bytes | None, str]:
    """The VCF, and what it is kept under: a person's own, else the playground's people."""
    given = st.file_uploader(
        "Phased VCF of your own", type=["vcf", "gz", "bgz"], key=UPLOAD, max_upload_size=MAX_MB,
        help=f"Plain, gzip or bgzip, with samples, up to {MAX_MB} MB. It stays in this session.",
    )  # fmt: skip
    if given is not None:
        content = given.getvalue()
        return content, hashlib.sha256(content).hexdigest()
    if found.ask.origin:
        st.caption("Shown: twelve simulated people of the playground (people.vcf.gz).")
        return playground_people(), "playground people"
    return None, ""


def _opened(source: Path | bytes) -> Path | BytesIO:
    return BytesIO(source) if isinstance(source, bytes) else source


def _choose_sample(names: tuple[str, ...]) -> str:
    if st.session_state.get(SAMPLE) not in names:
        st.session_state[SAMPLE] = names[0]
    return st.selectbox("Person", names, key=SAMPLE, persist_state="session")


def _say(carried: Haplotypes, found: Found) -> None:
    st.markdown(plain(people_words(carried)))
    own = found.effect.changes[0]
    on = [str(number) for number, side in ((1, carried.first), (2, carried.second)) if own in side]
    label = found.effect.label
    st.caption(plain(f"{label} is on haplotype {' and '.join(on)}." if on else f"{label} is on neither haplotype."))
    if carried.left_out:
        with st.expander(f"{len(carried.left_out)} left out"):
            for one in carried.left_out[:LISTED]:
                line = f"Line {one.line}: " if one.line else ""
                st.caption(plain(f"{line}{one.text}. {one.reason}"))


def _show(found: Found, effects: HaplotypeEffects, key: str) -> dict[int, Found]:
    sides: dict[int, VariantEffect] = {
        number: effect for number, effect in ((1, effects.first), (2, effects.second)) if effect is not None
    }
    tracks, _ = shown_tracks(found.ask.table, found.score(st.session_state[RANK]), found.effect.tracks)
    parts = {number: found_of(found.ask, effect, f"{key} {number}") for number, effect in sides.items()}
    rows: list[Row] = []
    both, own = effects.haplotypes, found.effect.changes[0]
    seen = (max(0, found.effect.interval.start), min(contig_bp(found), found.effect.interval.end))
    near = genes_near(found.ask.ground, Interval(found.effect.interval.chrom, *seen), contig_bp(found))
    rows.append(near.row)
    rows += [variants_row(carried, number) for number, carried in ((1, both.first), (2, both.second)) if carried]
    for track in tracks[:ROWS]:
        for number, part in parts.items():
            rows += haplotype_rows(part.effect, number, track, true_changes(part, (track,)))
    effect = found.effect
    title = f"{both.sample}: both haplotypes against the reference"
    provenance = " · ".join(filter(None, [effect.provenance.sentence, found.ask.origin]))
    moves = st.session_state.setdefault("_var_people_moves", {})
    move = moves.setdefault((effect.interval, effects.haplotypes.sample), len(moves) + 1)
    render_browser(
        Scene(
            place=Place(effect.interval.chrom, float(seen[0]), float(seen[1]), move),
            contig_bp=contig_bp(found),
            assembly=found.ask.ground.reference.assembly,
            loaded=seen,
            rows=tuple(rows),
            windows=(
                Window(effect.interval.start, effect.interval.end, effect.window.start, effect.window.end, "ready"),
            ),
            marks=((own.interval.start, own.interval.end, ""),) if own in {*both.first, *both.second} else (),
            title=title,
            provenance=provenance,
            description=f"{title}. {people_words(effects.haplotypes)}",
            file_name=f"haplotypes-{effects.haplotypes.sample}-{effect.interval.chrom}-{seen[0] + 1}",
        ),
        key=KEY,
    )
    return parts


def render_joint(effects: HaplotypeEffects, parts: dict[int, Found], found: Found) -> None:
    """Joint effects against sums of single ones, every track, the largest first."""
    known = {number: part.true.effect for number, part in parts.items() if part.true is not None}
    table = joint_table(effects, found.effect.tracks, known or None)
    table.sort(key=lambda row: -abs(float(row["Joint effect"])))
    units = {track.unit for track in found.effect.tracks}
    if len(units) == 1:
        table = [{name: value for name, value in row.items() if name != "Unit"} for row in table]
    short = {"Sum of single effects": "Sum of singles", "True joint effect": "True joint"}
    numbers = {
        name: st.column_config.NumberColumn(short.get(name, name), format="%.3g", width=90)
        for name in table[0]
        if name not in ("Track", "Unit")
    }
    numbers["Haplotype"] = st.column_config.NumberColumn(format="%d", width=80)
    st.dataframe(table[:MOST_ROWS], hide_index=True, height=300 if len(table) > 8 else "auto", column_config=numbers)
    st.caption(plain(f"{JOINT}, in {next(iter(units)) if len(units) == 1 else 'the unit of each row'}."))
    if rule := next((part.effect.rule for part in parts.values() if part.effect.rule), ""):
        st.caption(plain(rule))
