"""The teaching material: the simulated genome, and the code that makes it and the small bundled models.

`simulate_effect(edits)` gives the exact effect of edits of the playground genome on its twelve tracks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.teaching.playground.world import simulate_effect

__all__ = ["simulate_effect"]


def __getattr__(name: str) -> Any:
    if name == "simulate_effect":
        from core.teaching.playground.world import simulate_effect

        return simulate_effect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
