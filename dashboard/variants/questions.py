"""The questions that this page asks, and what each of them costs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from core import runtime_dna, runtime_effects
from core.effects.asking import EffectQuestion, kind_of_window
from core.effects.asking import estimate_seconds as effect_estimate
from core.effects.background import BackgroundQuestion
from core.effects.background import estimate_seconds as background_estimate
from core.effects.background import kind_of_window as changes_kind
from core.effects.values import VariantEffect
from core.enformer.asking import Question, small_run_seconds
from core.enformer.asking import estimate_seconds as predicted_before
from core.enformer.averaging import Averaging
from core.enformer.results import as_json
from core.genome.variant import Variant
from core.runtime_effects import MadeAnswer
from dashboard.variants.page import Ask

if TYPE_CHECKING:
    from core.attribution.asking import ContributionQuestion
    from core.attribution.target import Target
    from core.effects.haplotypes import Haplotypes
    from core.genome.interval import Interval

# Shares of a prediction, for what was not measured here yet.
EDIT_SHARE = 0.4  # one changed letter needs the transformer, and hardly anything of the tower
SMALL_EDIT_SHARE = 0.1  # of a small model, whose first prediction takes long for other reasons
ATTENTION_SHARE = 4.0  # the weights of every layer are made again, and read
GRADIENT_SHARE = 3.0
ATTENTION_ROWS = 4
MUTATED_BP = 20  # on either side of the variant


def effect_question(ask: Ask, variant: Variant) -> EffectQuestion:
    """What the variant does to all tracks; its letters are read once."""
    return runtime_effects.derived(
        ("question", *ask.key, id(ask.engine), variant),
        lambda: EffectQuestion.at(
            ask.engine, ask.ground.reference, variant, head=ask.head, averaging=ask.averaging
        ),
    )  # fmt: skip


def _plain_question(ask: Ask, window: Interval) -> Question:
    return runtime_dna.question_at(ask.engine, ask.ground.reference, window, ask.head, Averaging())


def window_seconds(ask: Ask, window: Interval) -> float:
    """Of one prediction of a window of which nothing is known, one run.

    Raises
    ------
    DeviceMemoryError
        It does not fit.
    """
    asked = _plain_question(ask, window)
    whole = runtime_dna.whole_prediction_seconds(asked)
    if not is_small(ask, window):
        return whole
    timings = runtime_dna.timings()
    each = timings.estimate(kind_of_window(ask.engine, window.width_bp))  # of two readings, one of them of an edit
    known = [predicted_before(asked, timings), None if each is None else 2 * each / (1 + EDIT_SHARE)]
    return min([whole, *(seconds for seconds in known if seconds is not None)])


def _least(ask: Ask, window: Interval, measured: float | None, otherwise: float) -> float:
    """What was measured here, else `otherwise`; of a small model never more than its size says, which is plenty, so
    that runs on a busy machine do not count for long."""
    if measured is None:
        return otherwise
    size = small_run_seconds(_plain_question(ask, window))
    return measured if size is None else min(measured, otherwise * size / max(window_seconds(ask, window), 1e-9))


def is_small(ask: Ask, window: Interval) -> bool:
    """Whether a prediction is so short that its size tells its time better than a run on a busy machine did."""
    return small_run_seconds(_plain_question(ask, window)) is not None


def effect_seconds(ask: Ask, question: EffectQuestion) -> float:
    """Both alleles: from earlier ones here, or from what a prediction takes."""
    more = 2.0 if question.change.length_change_bp else EDIT_SHARE
    otherwise = (1 + more) * len(ask.averaging.runs) * window_seconds(ask, question.window)
    return _least(ask, question.window, effect_estimate(question, runtime_dna.timings()), otherwise)


def background_question(ask: Ask, effect: VariantEffect, starts: tuple[int, ...] = ()) -> BackgroundQuestion:
    """Random changes of the same window, and what they do at gene starts."""
    return runtime_effects.derived(
        ("background", *ask.key, id(ask.engine), effect.window, starts),
        lambda: BackgroundQuestion.at(
            ask.engine, ask.ground.reference, effect.window, head=ask.head, averaging=ask.averaging, starts=starts
        ),
    )  # fmt: skip


def background_seconds(ask: Ask, question: BackgroundQuestion) -> float:
    """What is left of it."""
    store, window = runtime_effects.background_store(), question.stretch.window
    known = question.kept(store)
    left = question.count - (0 if known is None else len(known))
    share = SMALL_EDIT_SHARE if is_small(ask, window) else EDIT_SHARE
    otherwise = left * share * len(ask.averaging.runs) * window_seconds(ask, window)
    return _least(ask, window, background_estimate(question, store, runtime_dna.timings()), otherwise)


def contribution_question(
    ask: Ask, letters: str, window: Interval, target: Target, stretch: tuple[int, int] | None = None
) -> ContributionQuestion:  # fmt: skip
    """Which letters make the target: by the gradient, or within `stretch` of the window by changing each letter."""
    from core.attribution.asking import ContributionQuestion

    if stretch is None:
        return ContributionQuestion(ask.engine, letters, ("", ""), window, target)
    return ContributionQuestion(
        ask.engine, letters, ("", ""), window, target, "saturation_mutagenesis", start=stretch[0], end=stretch[1]
    )


def contribution_seconds(ask: Ask, question: ContributionQuestion) -> float:
    """What is left of it."""
    from core.attribution.effort import estimate_seconds

    window = question.interval
    whole = window_seconds(ask, window)
    found = estimate_seconds(
        question, runtime_effects.contribution_store(), runtime_dna.timings(), whole_seconds=whole, coarse=False
    )
    runs = 3 * (question.end - question.start) * EDIT_SHARE if question.is_mutagenesis else GRADIENT_SHARE
    return _least(ask, window, found, runs * whole)


def attention_question(ask: Ask, effect: VariantEffect) -> MadeAnswer:
    """Which bins look elsewhere after the variant."""
    from core.effects.attention_change import attention_change

    variant, engine, reference = effect.variant, ask.engine, ask.ground.reference
    assert variant is not None
    return MadeAnswer(
        engine,
        _digest(["attention", _model(ask), reference.identity, variant]),
        lambda told: attention_change(engine, reference, variant, rows=ATTENTION_ROWS, on_progress=told),
        timing=_timing("attention-change", ask, effect.window), units=3 if effect.shifts_frame else 2,
    )  # fmt: skip


def attention_seconds(ask: Ask, effect: VariantEffect) -> float:
    """Reading the weights of all layers, of each allele."""
    units = 3 if effect.shifts_frame else 2
    each = runtime_dna.timings().estimate(_timing("attention-change", ask, effect.window))
    otherwise = units * ATTENTION_SHARE * window_seconds(ask, effect.window)
    return _least(ask, effect.window, None if each is None else units * each, otherwise)


def haplotype_question(ask: Ask, haplotypes: Haplotypes, window: Interval) -> MadeAnswer:
    """What a person's haplotypes do, and each of their variants alone."""
    from core.effects.haplotypes import haplotype_effects

    engine, reference, head, averaging = ask.engine, ask.ground.reference, ask.head, ask.averaging
    told = [window, haplotypes.interval, haplotypes.first, haplotypes.second, head, averaging]
    return MadeAnswer(
        engine,
        _digest(["haplotypes", _model(ask), reference.identity, *told]),
        lambda progress: haplotype_effects(
            engine, reference, haplotypes, window, head=head, averaging=averaging, on_progress=progress
        ),
        timing=_timing("haplotypes", ask, window), units=_haplotype_units(ask, haplotypes),
    )  # fmt: skip


def haplotype_seconds(ask: Ask, haplotypes: Haplotypes, window: Interval) -> float:
    """The reference, both haplotypes, and each variant; where letters are added or lost, a whole window twice."""
    units = _haplotype_units(ask, haplotypes)
    each = runtime_dna.timings().estimate(_timing("haplotypes", ask, window))
    if each is None:  # the random changes beside it are of the same kind
        edit = runtime_dna.timings().estimate(changes_kind(ask.engine, window.width_bp, ask.averaging))
        each = None if edit is None else edit / EDIT_SHARE / len(ask.averaging.runs)
    return _least(ask, window, None if each is None else units * each, units * window_seconds(ask, window))


def _haplotype_units(ask: Ask, haplotypes: Haplotypes) -> float:
    shares = sum(2.0 if variant.length_change_bp else EDIT_SHARE for variant in {*haplotypes.first, *haplotypes.second})
    return (3 + shares) * len(ask.averaging.runs)


def _timing(what: str, ask: Ask, window: Interval) -> str:
    return f"{what} {_digest(ask.engine.fingerprint)[:16]} {ask.engine.device} {window.width_bp}"


def _model(ask: Ask) -> dict:
    return {name: value for name, value in ask.engine.fingerprint.items() if name != "tables"}


def _digest(value: object) -> str:
    return hashlib.sha256(as_json(value).encode()).hexdigest()
