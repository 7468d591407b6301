"""How a run is computed: which numbers the products take, and in what portions. Held by each thread while it runs.

What is summed, normalised or passed through a softmax is float32 in the transformer whatever the method, and so is the
head. Of the stages of the tower all but the sums within a product take the tower's type.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["float32", "float16", "bfloat16"]
Convolution = Literal["taps", "library", "short"]


@dataclass(frozen=True)
class Method:
    """How products are computed.

    Attributes
    ----------
    tower, layers : type of numbers that the products of stem and tower take, and those of the transformer.
    convolution : "taps" is one product for each place of a kernel, "library" torch's own convolution, and "short"
        Toom and Cook's, which takes 2 products where others take 5 and rounds about three times as much.
    tf32 : on CUDA, float32 products keep 10 bits behind the comma.
    tile : rows of a stage that are computed at once.
    heads, rows : heads and query rows of attention that are computed at once; 0 heads are all.
    fused : attention by torch's scaled_dot_product_attention, the relative logits added as its mask.
    """

    tower: Kind = "float32"
    layers: Kind = "float32"
    convolution: Convolution = "taps"
    tf32: bool = False
    tile: int = 2048
    heads: int = 1
    rows: int = 256
    fused: bool = False

    def __post_init__(self) -> None:
        if self.tile < 1 or self.rows < 1 or self.heads < 0:
            raise ValueError(f"portions of {self.tile} rows, {self.rows} query rows and {self.heads} heads")

    @property
    def is_exact(self) -> bool:
        """Whether this is the reference's arithmetic: results differ by the order of sums alone."""
        return (self.tower, self.layers, self.tf32) == ("float32", "float32", False) and self.convolution != "short"

    @property
    def label(self) -> str:
        """What a result's provenance calls it."""
        if self.is_exact:
            return "float32"
        kinds = {self.tower, self.layers}
        for kind in ("bfloat16", "float16"):
            if kind in kinds:
                return kind
        return "TF32" if self.tf32 else "fast float32"

    @property
    def words(self) -> str:
        """What results were computed in, for a person."""
        kinds = [("TF32" if self.tf32 else kind) if kind == "float32" else kind for kind in (self.tower, self.layers)]
        short = " with shortened convolutions (Toom-Cook)" if self.convolution == "short" else ""
        if kinds[0] == kinds[1]:
            return kinds[0] + short
        return f"{kinds[0]} (tower) and {kinds[1]} (transformer){short}"


EXACT = Method()
_current: ContextVar[Method] = ContextVar("method", default=EXACT)


def default_method(precision: str, device_type: str) -> Method:
    """What a precision means where nothing was measured.

    The tower never takes bfloat16: its convolutions alone would lose a thousandth of a track's correlation. Nor does a
    CPU take it here: in layers as deep as Enformer's it loses two ten-thousandths, and many a processor is slower in
    it; the short form of convolution is faster on each.
    """
    exact = EXACT if device_type == "cpu" else Method(convolution="library", tile=32_768, heads=0, rows=1024)
    if precision != "bfloat16":
        return exact
    if device_type == "cpu":
        return replace(exact, convolution="short")
    return replace(exact, layers="float16", tf32=device_type == "cuda")


def current() -> Method:
    """The method of the run that is under way in this thread; `EXACT` outside of any."""
    return _current.get()


@contextmanager
def using(method: Method) -> Iterator[None]:
    """Let what is computed inside be computed so."""
    token = _current.set(method)
    try:
        yield
    finally:
        _current.reset(token)
