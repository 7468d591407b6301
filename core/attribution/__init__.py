"""Contribution scores: which letters of a window made the model say that, by gradients and by changing the letters.

`Target` says what is explained. Every method gives `ContributionScores`; `agreement` says how far a gradient method
agrees with true changes of letters. Heavy libraries are imported when something is computed, not here.
"""

from core.attribution.agreement import Agreement, agreement, sample_positions
from core.attribution.asked import region_in_window
from core.attribution.asking import ContributionQuestion
from core.attribution.blocks import BlockEffects, block_mutagenesis
from core.attribution.effort import check_effort, estimate_seconds
from core.attribution.gradients import expected_gradients, gradient_x_input, integrated_gradients
from core.attribution.job import contribution_job
from core.attribution.motif_matching import match_motifs
from core.attribution.mutagenesis import mutagenesis_at, saturation_mutagenesis
from core.attribution.shuffle import dinucleotide_shuffle
from core.attribution.store import ContributionStore
from core.attribution.target import Target
from core.attribution.values import ContributionScores

__all__ = [
    "Agreement",
    "BlockEffects",
    "ContributionQuestion",
    "ContributionScores",
    "ContributionStore",
    "Target",
    "agreement",
    "block_mutagenesis",
    "check_effort",
    "contribution_job",
    "dinucleotide_shuffle",
    "estimate_seconds",
    "expected_gradients",
    "gradient_x_input",
    "integrated_gradients",
    "match_motifs",
    "mutagenesis_at",
    "region_in_window",
    "sample_positions",
    "saturation_mutagenesis",
]
