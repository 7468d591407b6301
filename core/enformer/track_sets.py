"""Named sets of tracks that belong together."""

from __future__ import annotations

from dataclasses import dataclass

from core.enformer.tracks import Track, TrackTable


@dataclass(frozen=True)
class NamedSet:
    """Tracks under one name.

    Attributes
    ----------
    name : the name on a page.
    summary : what is in it, in a few words.
    members : (index, identifier) of each track, in the order in which they are drawn. The identifier keeps a set away
        from models that have other tracks at the same indices.
    """

    name: str
    summary: str
    members: tuple[tuple[int, str], ...]

    @property
    def indices(self) -> tuple[int, ...]:
        """Indices of the human head."""
        return tuple(index for index, _ in self.members)

    def fits(self, table: TrackTable) -> bool:
        """Whether the table has every track of the set."""
        return all(index in table and table[index].identifier == name for index, name in self.members)

    def tracks(self, table: TrackTable) -> tuple[Track, ...]:
        """The set's tracks.

        Raises
        ------
        SelectionError
            The table lacks one of them.
        """
        return tuple(table[index] for index in self.indices)


def sets_of(table: TrackTable) -> tuple[NamedSet, ...]:
    """The sets that fit a table; none for a head of another model or species."""
    return tuple(named for named in SETS if named.fits(table))


# Source: indices and identifiers of targets_human.txt (calico/basenji, manuscripts/cross2020, Apache-2.0). The
# lecture's figure is the example that Enformer's authors draw at chr11:35,082,742-35,197,430.
SETS = (
    NamedSet(
        "The lecture's figure",
        "DNase of monocytes and keratinocytes, H3K27ac and CAGE of keratinocytes",
        (
            (41, "ENCFF678LXL"),
            (42, "ENCFF690MIA"),
            (706, "ENCFF717RJQ"),
            (4799, "CNhs11381"),
        ),
    ),
    NamedSet(
        "K562",
        "leukaemia cell line: DNase, CTCF, H3K4me3, CAGE",
        (
            (121, "ENCFF413AHU"),
            (122, "ENCFF868NHV"),
            (123, "ENCFF565YDB"),
            (625, "ENCFF971AHO"),
            (697, "ENCFF405AYC"),
            (701, "ENCFF814IYI"),
            (4828, "CNhs11250"),
            (5111, "CNhs12336"),
        ),
    ),
    NamedSet(
        "GM12878",
        "B-lymphoblastoid cell line: DNase, CTCF, H3K4me3, H3K27ac, CAGE",
        (
            (12, "ENCFF093VXI"),
            (69, "ENCFF915DFR"),
            (687, "ENCFF279CYY"),
            (686, "ENCFF776DPQ"),
            (688, "ENCFF340JIF"),
            (5110, "CNhs12333"),
        ),
    ),
    NamedSet(
        "HepG2",
        "liver carcinoma cell line: DNase, CTCF, H3K4me3, CAGE",
        (
            (27, "ENCFF136DBS"),
            (91, "ENCFF205TKQ"),
            (234, "ENCFF577SOF"),
            (904, "ENCFF601JOJ"),
            (717, "ENCFF746CXV"),
            (5109, "CNhs12328"),
        ),
    ),
    NamedSet(
        "CD14 monocytes",
        "DNase, H3K27ac, H3K4me3, CAGE",
        (
            (41, "ENCFF678LXL"),
            (131, "ENCFF659BVQ"),
            (817, "ENCFF526GZE"),
            (821, "ENCFF032QOM"),
            (4758, "CNhs10852"),
        ),
    ),
    NamedSet(
        "Keratinocytes",
        "DNase, H3K27ac, H3K4me3, CAGE",
        (
            (42, "ENCFF690MIA"),
            (706, "ENCFF717RJQ"),
            (1221, "ENCFF721SBI"),
            (4799, "CNhs11381"),
        ),
    ),
    NamedSet(
        "Neutrophils",
        "H3K27ac, H3K4me3, CAGE",
        (
            (2280, "ENCFF909JRL"),
            (2650, "ENCFF628GHA"),
            (4767, "CNhs10862"),
        ),
    ),
    NamedSet(
        "Brain",
        "CAGE of adult brain and cerebellum",
        (
            (4680, "CNhs10617"),
            (4980, "CNhs11796"),
            (4979, "CNhs11795"),
        ),
    ),
    NamedSet(
        "Transcription starts (CAGE)",
        "CAGE of six organs",
        (
            (4680, "CNhs10617"),
            (4684, "CNhs10621"),
            (4686, "CNhs10624"),
            (4685, "CNhs10622"),
            (4687, "CNhs10625"),
            (4691, "CNhs10629"),
        ),
    ),
    NamedSet(
        "Active and silent chromatin, K562",
        "six histone marks and CTCF",
        (
            (701, "ENCFF814IYI"),
            (1389, "ENCFF761XBZ"),
            (699, "ENCFF954JHK"),
            (698, "ENCFF914VFE"),
            (762, "ENCFF812HRW"),
            (697, "ENCFF405AYC"),
        ),
    ),
)
