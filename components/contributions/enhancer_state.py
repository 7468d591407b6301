"""What the panels of candidates and of attention remember: the names of their inputs, and how a link says them."""

from __future__ import annotations

from components.enhancers.state import MEAN, chosen_number, chosen_one
from components.links import LinkField, one_of
from core.attribution.enhancers import MEASURES, SCORE_NAMES

GENE, CELL, FROM, BY, MEASURE = "ctb_enh_gene", "ctb_enh_cell", "ctb_enh_from", "ctb_enh_by", "ctb_enh_sum"
SHUFFLE_COUNT, LAYER, HEAD = "ctb_enh_shuffles", "ctb_att_layer", "ctb_att_head"
LABELS, LABELS_PROBLEM = "_ctb_enh_labels", "_ctb_enh_labels_problem"
BED, BED_PROBLEM = "_ctb_enh_bed", "_ctb_enh_bed_problem"
PICKED, PLACE = "_ctb_enh_picked", "_ctb_enh_place"
ATTENDED_JOB, LETTERS_JOB, SHUFFLED_JOB, POOL_JOB = (
    *("_ctb_enh_attended", "_ctb_enh_letters", "_ctb_enh_shuffled", "_ctb_enh_pool"),
)
SOURCES = ("elements", "peaks", "states", "sliding", "tested", "file")
COUNTS = (2, 3, 5, 10)
FIRST_SCORE = "mutagenesis"

__all__ = ["MEAN", "chosen_number", "chosen_one"]


def link_fields() -> tuple[LinkField, ...]:
    """Everything that a link says of the two panels, for the page's own fields."""
    return (
        LinkField(GENE, "", _short("gene")),
        LinkField(CELL, "", _short("cell type")),
        LinkField(FROM, "", one_of(FROM, ("", *SOURCES))),
        LinkField(BY, FIRST_SCORE, one_of(BY, SCORE_NAMES)),
        LinkField(MEASURE, "sum", one_of(MEASURE, tuple(MEASURES))),
        LinkField(LAYER, MEAN, _number("layer")),
        LinkField(HEAD, MEAN, _number("head")),
    )


def _short(what: str):
    def parse(text: str) -> str:
        if len(text) > 200 or not text.isprintable():
            raise ValueError(f"This link asks for a {what} whose name is too long or cannot be shown; choose one here.")
        return text

    return parse


def _number(what: str):
    def parse(text: str) -> str:
        if text != MEAN and not (text.isascii() and text.isdigit() and len(text) <= 3):
            raise ValueError(f"This link asks for {what} {text[:20]!r}; give a whole number, or {MEAN}.")
        return text if text == MEAN else str(int(text))

    return parse
