"""The questions that this page asks, and what each of them costs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from core import runtime_dna, runtime_effects
from core.effects.asking import EffectQuestion
from core.effects.asking import estimate_seconds as effect_estimate
from core.effects.background import BackgroundQuestion
from core.effects.background import estimate_seconds as background_estimate
from core.effects.values import VariantEffect
from core.enformer.asking import Question, small_run_seconds
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

EDIT_SHARE = 0.4  # of a prediction: one changed letter needs the transformer, and hardly anything of the tower
ATTENTION_SHARE = 6.0  # of a prediction: the weights of every layer are made again, and read
MUTATED_BP = 12  # on either side of the variant


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
    return runtime_dna.whole_prediction_seconds(_plain_question(ask, window))


def is_small(ask: Ask, window: Interval) -> bool:
    """Whether a prediction is so short that its size tells its time better than a run on a busy machine did."""
    return small_run_seconds(_plain_question(ask, window)) is not None


def effect_seconds(ask: Ask, question: EffectQuestion) -> float:
    """Both alleles: from earlier ones here, or from what a prediction takes."""
    found = None if is_small(ask, question.window) else effect_estimate(question, runtime_dna.timings())
    if found is not None:
        return found
    more = 2.0 if question.change.length_change_bp else EDIT_SHARE
    return (1 + more) * len(ask.averaging.runs) * window_seconds(ask, question.window)


def background_question(ask: Ask, effect: VariantEffect) -> BackgroundQuestion:
    """Random changes of the same window."""
    return runtime_effects.derived(
        ("background", *ask.key, id(ask.engine), effect.window),
        lambda: BackgroundQuestion.at(
            ask.engine, ask.ground.reference, effect.window, head=ask.head, averaging=ask.averaging
        ),
    )  # fmt: skip


def background_seconds(ask: Ask, question: BackgroundQuestion) -> float:
    """What is left of it."""
    store, window = runtime_effects.background_store(), question.stretch.window
    found = None if is_small(ask, window) else background_estimate(question, store, runtime_dna.timings())
    if found is not None:
        return found
    known = question.kept(store)
    left = question.count - (0 if known is None else len(known))
    return left * EDIT_SHARE * len(ask.averaging.runs) * window_seconds(ask, window)


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

    whole = window_seconds(ask, question.interval)
    if is_small(ask, question.interval):
        letters = 3 * (question.end - question.start) * EDIT_SHARE if question.is_mutagenesis else 2.0
        return letters * whole
    found = estimate_seconds(
        question, runtime_effects.contribution_store(), runtime_dna.timings(), whole_seconds=whole, coarse=False
    )
    return whole if found is None else found


def attention_question(ask: Ask, effect: VariantEffect) -> MadeAnswer:
    """Which bins look elsewhere after the variant."""
    from core.effects.attention_change import attention_change

    variant, engine, reference = effect.variant, ask.engine, ask.ground.reference
    assert variant is not None
    return MadeAnswer(
        engine,
        _digest(["attention", _model(ask), reference.identity, variant]),
        lambda told: attention_change(engine, reference, variant, rows=4, on_progress=told),
    )


def attention_seconds(ask: Ask, effect: VariantEffect) -> float:
    """Reading the weights of all layers, of each allele."""
    return (3 if effect.shifts_frame else 2) * ATTENTION_SHARE * window_seconds(ask, effect.window)


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
    )


def haplotype_seconds(ask: Ask, haplotypes: Haplotypes, window: Interval) -> float:
    """The reference, both haplotypes, and each variant; where letters are added or lost, a whole window twice."""
    shares = sum(2.0 if variant.length_change_bp else EDIT_SHARE for variant in {*haplotypes.first, *haplotypes.second})
    return (5 + shares) * len(ask.averaging.runs) * window_seconds(ask, window)


def _model(ask: Ask) -> dict:
    return {name: value for name, value in ask.engine.fingerprint.items() if name != "tables"}


def _digest(value: object) -> str:
    return hashlib.sha256(as_json(value).encode()).hexdigest()
