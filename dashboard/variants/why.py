"""Why: the letters of both alleles, motifs gained and lost, the neighbourhood changed letter by letter, attention."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.browser import render_browser
from components.browser.scene import Place, Row, Scene
from components.effects.logos import among_alternatives, attention_rows, logo_rows, motif_rows, mutation_row
from components.effects.places import Aim
from components.messages import plain
from core import runtime_effects
from core.attribution.values import METHOD_TITLES, ContributionScores
from core.effects.align import cores_of
from core.effects.predicted import Stretch, flank_needed
from core.enformer.averaging import Averaging
from core.errors import AttendomeError
from core.genome.interval import Interval
from dashboard.tracks.near import genes_near
from dashboard.variants.asking import Getting, get, render_getting
from dashboard.variants.browse import contig_bp
from dashboard.variants.found import Found
from dashboard.variants.questions import (
    MUTATED_BP,
    attention_question,
    attention_seconds,
    contribution_question,
    contribution_seconds,
)
from dashboard.variants.scoring import choose_track
from dashboard.variants.trust import choose_aim

KEY, ATTENTION_KEY = "var_why_browser", "var_attention_browser"
SEEN_BP, LOGO_BP = 20, 4_096
MOTIF_FLANK_BP = 40
ATTENTION = "var_attention"


def render_why(found: Found) -> None:
    """All reasons, for one track and one place."""
    with st.container(horizontal=True, gap="small"):
        choose_track(found, "Track", "var_why_track")
        aim = choose_aim(found, "var_why_at")
    if found.effect.variant is None:
        st.caption("Reasons are given for single variants.")
        return
    st.caption(plain(f"What each letter adds to the {aim.words}: {METHOD_TITLES['gradient_x_input']}, both alleles."))
    _letters(found, aim)
    _motifs(found)
    _attention(found)


def changed_letters(found: Found, aim: Aim) -> tuple[str, str, int]:
    """(letters of the reference's window, of the alternative's, how many letters later the latter begins).

    Of an insertion or a deletion the reading is taken in which the bins that are looked at keep their place.
    """
    effect = found.effect
    window = Interval(effect.window.chrom, effect.window.start, effect.window.end)
    flank = flank_needed([effect.changes], Averaging())
    stretch = Stretch.of(found.ask.ground.reference, window, flank)
    changed = stretch.changed(cores_of(effect.changes))
    middle = effect.interval.start + (aim.bins[0] + aim.bins[1]) * effect.bin_size_bp // 2
    offset = sum(change.length_change_bp for change in effect.changes if change.interval.end <= middle)
    return stretch.sequence, stretch.cut(changed, offset), offset


def _asked(found: Found, aim: Aim) -> tuple[list[Getting], int] | None:
    """The contributions of both alleles and the mutated neighbourhood, as far as they are known."""
    ask, effect = found.ask, found.effect
    window = Interval(effect.window.chrom, effect.window.start, effect.window.end)
    target = aim.target(ask.head)
    try:
        ref, alt, offset = changed_letters(found, aim)
        place = effect.changes[0].interval
        first = max(0, place.start - MUTATED_BP - window.start)
        last = min(window.width_bp, min(place.end, place.start + 4) + MUTATED_BP - window.start)
        wanted = (
            ("reference's letters", contribution_question(ask, ref, window, target)),
            ("alternative's letters", contribution_question(ask, alt, window, target)),
            ("letters around it", contribution_question(ask, ref, window, target, (first, last))),
        )
        found_ = [
            get(
                question, f"Contributions of the {name}", slot=f"why{number}",
                seconds=lambda question=question: contribution_seconds(ask, question), saying="Taking contributions",
                runs=3 * (last - first) if question.is_mutagenesis else 1,
            )
            for number, (name, question) in enumerate(wanted)
        ]  # fmt: skip
    except AttendomeError as error:
        st.error(plain(str(error)), icon=":material/info:")
        return None
    return found_, offset


def _letters(found: Found, aim: Aim) -> None:
    if (asked := _asked(found, aim)) is None:
        return
    (ref, alt, mutated), offset = asked
    if ref.state == "ready" and alt.state == "ready":
        effect, unit = found.effect, aim.track.unit
        rows: list[Row] = list(logo_rows(effect, ref.answer, alt.answer, offset, _stretch(found), unit))
        if mutated.state == "ready":
            rows.append(mutation_row(mutated.answer, unit))
        _picture(found, rows, KEY, _around(found), f"{effect.label}: what each letter adds")
        if mutated.state == "ready":
            _say_mutated(found, mutated.answer)
    for getting, verb in ((ref, "Find the letters"), (alt, "Find the letters"), (mutated, "Change every letter")):
        if getting.state != "ready":
            render_getting(getting, verb=verb, about=f"{getting.title}.")


def _say_mutated(found: Found, scores: ContributionScores) -> None:
    if said := among_alternatives(scores, found.effect.changes[0]):
        st.caption(plain(said))


def _stretch(found: Found) -> Interval:
    """Of which the logo is given: some thousand letters around the variant, within window and chromosome."""
    effect = found.effect
    middle, window = effect.changes[0].interval.centre, effect.window
    start = max(window.start, 0, middle - LOGO_BP // 2)
    return Interval(window.chrom, start, min(window.end, contig_bp(found), start + LOGO_BP))


def _around(found: Found) -> tuple[int, int]:
    place = found.effect.changes[0].interval
    return max(0, place.start - SEEN_BP), min(contig_bp(found), min(place.end, place.start + 60) + SEEN_BP)


def _picture(found: Found, rows: Sequence[Row], key: str, seen: tuple[int, int], title: str) -> None:
    effect = found.effect
    place = effect.changes[0].interval
    move = st.session_state.setdefault(f"_{key}_moves", {})
    number = move.setdefault((found.key, seen), len(move) + 1)
    while len(move) > 200:
        del move[next(iter(move))]
    render_browser(
        Scene(
            place=Place(effect.interval.chrom, float(seen[0]), float(seen[1]), number),
            contig_bp=contig_bp(found),
            assembly=found.ask.ground.reference.assembly,
            loaded=(max(0, effect.window.start), min(contig_bp(found), effect.window.end)),
            rows=tuple(rows),
            marks=((place.start, place.end, f"{place.start + 1:,}"),),
            title=title,
            provenance=" · ".join(filter(None, [effect.provenance.sentence, found.ask.origin])),
            description=f"{title}. " + " ".join(f"{row.title}: {row.note}." for row in rows),
            file_name=f"{key}-{place.chrom}-{place.start + 1}",
        ),
        key=key,
    )


def _motifs(found: Found) -> None:
    """Known motifs whose best site that touches the change is another in the two alleles."""
    st.markdown("**Motifs gained and lost**")
    effect = found.effect
    try:
        with st.spinner("Reading the motifs …"):
            table = runtime_effects.derived(("motifs", found.key), lambda: motif_table(found))
    except AttendomeError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    rows = motif_rows(table)
    if not rows:
        st.caption(plain(f"No site of a known motif that touches {effect.label} changes by 1 bit or more."))
        return
    st.dataframe(
        rows, hide_index=True, height=250 if len(rows) > 6 else "auto",
        column_config={
            **{name: st.column_config.NumberColumn(format="%.1f") for name in rows[0] if "bits" in name},
            **{name: st.column_config.NumberColumn(format="%.2g") for name in ("q-value", "p-value")},
            "Matrix": st.column_config.LinkColumn(display_text=r"([^/]+)/?$"),
        },
    )  # fmt: skip
    st.caption(
        "JASPAR motifs whose best site that touches the change differs by 1 bit or more; gained and lost: p of 1e-4 or "
        "less in one allele alone. q-values are Benjamini-Hochberg over every motif and place that touches the change."
    )


def motif_table(found: Found):
    """As `core.attribution.motif_changes.gained_and_lost` gives it."""
    from core.attribution.motif_changes import gained_and_lost

    change, reference = found.effect.changes[0], found.ask.ground.reference
    place = change.interval
    wide = Interval(place.chrom, place.start - MOTIF_FLANK_BP, place.end + MOTIF_FLANK_BP)
    letters = reference.fetch(wide)
    alt = letters[:MOTIF_FLANK_BP] + change.alt + letters[MOTIF_FLANK_BP + len(change.ref) :]
    return gained_and_lost(letters, alt, start=wide.start)


def _attention(found: Found) -> None:
    """The bins whose rows of attention changed most."""
    st.markdown("**Attention that changed most**")
    ask, effect = found.ask, found.effect
    if not ask.engine.layers:
        st.caption("This model has no attention.")
        return
    getting = get(
        attention_question(ask, effect), f"Attention of both alleles of {effect.label}", slot=ATTENTION,
        seconds=lambda: attention_seconds(ask, effect), saying="Reading the attention", wait=False,
        runs=3 if effect.shifts_frame else 2,
    )  # fmt: skip
    if getting.state != "ready":
        render_getting(getting, verb="Read the attention", about="Which bins attend elsewhere after the change.")
        return
    change = getting.answer
    seen = (max(0, effect.interval.start), min(contig_bp(found), effect.interval.end))
    near = genes_near(ask.ground, Interval(effect.interval.chrom, *seen), contig_bp(found))
    rows = attention_rows(change, range(len(change.top)))
    _picture(found, [near.row, *rows], ATTENTION_KEY, seen, f"{effect.label}: attention that changed most")
    st.caption(plain(change.rule))
