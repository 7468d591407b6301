"""What of an engine depends on the machine: by which method it computes, and how far that is from float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from core.cards import Provenance
    from core.enformer.deviation import Deviation
    from core.enformer.methods import Method
    from core.enformer.parts import Parts
    from core.enformer.precision import Precision
    from core.enformer.reuse import TowerReuse


class Calibrated:
    """An engine's method.

    Attributes
    ----------
    precision : what was asked for.
    method : how products are computed; it follows from `precision` and from what was measured on this machine.
    provenance : of results; it names the precision that the method has.
    weights_digest : of the model, sha256.
    """

    parts: Parts
    device: torch.device
    title: str
    precision: Precision
    weights_digest: str
    method: Method
    provenance: Provenance
    reuse: TowerReuse
    _deviation: Deviation | None

    def use(self, method: Method) -> None:
        """Compute by this method from here on."""
        from core.enformer.reuse import TowerReuse

        self.method, self._deviation = method, None
        self.provenance = replace(self.provenance, precision=method.label)
        self.reuse = TowerReuse(self.parts)  # of another precision, nothing is the same

    def calibrate(self, sequence: str) -> Deviation | None:
        """Measure in some seconds what is fastest on this machine, remember it, and compute so from here on.

        Parameters
        ----------
        sequence : letters of a window, to measure on how far the fastest is from float32.

        Returns
        -------
        How far; None where nothing is faster than float32, or where the engine's precision is float32.

        Raises
        ------
        DeviceMemoryError
            It does not fit.
        """
        from core.enformer.calibration import calibrated

        method, deviation = calibrated(self, sequence)
        self.use(method)
        self._deviation = deviation
        return deviation

    def deviation(self, sequence: str) -> Deviation | None:
        """How far results are from float32: measured once, on the middle of the window that is asked first.

        None where they are float32.
        """
        from core.enformer.calibration import deviation_of

        if self._deviation is None and not self.method.is_exact:
            self._deviation = deviation_of(self, sequence)
        return self._deviation

    @contextmanager
    def running(self, what: str) -> Iterator[None]:
        """Inference by this engine's method; `what` is named where memory runs out."""
        from core.enformer.precision import running

        with self.memory_sentences(what), running(self.method, self.device):
            yield

    def memory_sentences(self, what: str) -> AbstractContextManager[None]:
        """Turn a device that runs out of memory into `DeviceMemoryError`."""
        from core.enformer.memory import memory_sentences

        return memory_sentences(what, self.title, self.device)
