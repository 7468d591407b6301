"""What the panels of candidates and of attention remember: the names of their inputs, and how a link says them."""

from __future__ import annotations

from components.enhancers.state import MEAN, chosen_number, chosen_one, number_or_mean, short_name
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
        LinkField(GENE, "", short_name("gene")),
        LinkField(CELL, "", short_name("cell type")),
        LinkField(FROM, "", one_of(FROM, ("", *SOURCES))),
        LinkField(BY, FIRST_SCORE, one_of(BY, SCORE_NAMES)),
        LinkField(MEASURE, "sum", one_of(MEASURE, tuple(MEASURES))),
        LinkField(LAYER, MEAN, number_or_mean("layer")),
        LinkField(HEAD, MEAN, number_or_mean("head")),
    )
