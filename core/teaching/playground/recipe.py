"""The numbers of the playground model and of its training, in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.teaching.playground.layout import DOMAIN_BP


@dataclass(frozen=True)
class Recipe:
    """Everything that training depends on; written beside the weights.

    Attributes
    ----------
    width, depth, heads, key_size : of the `enformer_pytorch.Enformer` (heads of width / heads, divisible by 6).
    window_bp, target_bins : what the model reads, and how many bins of its middle it predicts.
    chromosomes, chromosome_bp : simulated for training, from seeds `first_seed` on; none of them is shipped.
    dense_chromosomes, dense_first_seed, dense_domain_bp : more of them with boundaries nearer to one another, so that
        insulated pairs of gene and enhancer are not rare; half of what the second stage reads.
    short_bp : window of the first stage, in which the tower learns sites and elements.
    around_elements : share of these windows that hold an element, each kind as often; the rest lie anywhere.
    """

    seed: int = 7
    width: int = 144
    depth: int = 4
    heads: int = 4
    key_size: int = 48
    window_bp: int = 49_152
    target_bins: int = 256
    chromosomes: int = 96
    chromosome_bp: int = 1_000_000
    first_seed: int = 1_000
    domain_bp: tuple[int, int] = DOMAIN_BP
    dense_chromosomes: int = 32
    dense_first_seed: int = 1_096
    dense_domain_bp: tuple[int, int] = (3_500, 9_000)
    short_bp: int = 2_048
    short_batch: int = 24
    around_elements: float = 0.75
    short_rate: float = 2e-3
    long_batch: int = 8
    long_rate: float = 1e-3
    whole_batch: int = 4
    whole_rate: float = 3e-4
    warmup_steps: int = 100
    dropout: float = 0.05

    @property
    def window_bins(self) -> int:
        return self.window_bp // 128

    @property
    def margin_bins(self) -> int:
        """Bins read but not predicted, on each side."""
        return (self.window_bins - self.target_bins) // 2

    @property
    def dense(self) -> Recipe:
        """The recipe of the chromosomes with dense boundaries."""
        return replace(
            self, first_seed=self.dense_first_seed, chromosomes=self.dense_chromosomes, domain_bp=self.dense_domain_bp
        )
