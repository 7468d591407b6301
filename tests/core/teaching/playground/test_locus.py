"""Playing with a locus: exact against the grammar, and edits that do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import SequenceError, UnknownGeneError
from core.genome import Interval
from core.teaching.playground.build import SEED
from core.teaching.playground.grammar import CELL_TYPES, GRAMMAR_VERSION, TRACKS, Grammar
from core.teaching.playground.locus import Locus, all_elements, elements_in, locus_of, origin_sentence
from core.teaching.playground.motifs import motifs
from core.teaching.playground.moves import (
    Moves,
    boundaries_between,
    change,
    changed_letters,
    element_sites,
    shuffled_out,
    with_sites,
)
from core.teaching.playground.occupancy import encode, sites
from core.teaching.playground.stories import Story, stories
from core.teaching.playground.told import change_sentence, start_signal, tell
from core.teaching.playground.world import world

MOVES = (
    Moves(),
    Moves(sites=0),
    Moves(sites=1),
    Moves(distance_bp=1_000),
    Moves(distance_bp=8_000, sites=2),
    Moves(boundary=True),
    Moves(boundary=False),
    Moves(distance_bp=6_000, boundary=True),
)


def locus(story: Story) -> Locus:
    return locus_of(story.gene, story.element)


def story(name: str) -> Locus:
    return locus(next(told for told in stories() if told.name == name))


def signals(place: Locus, moves: Moves, grammar: Grammar | None = None) -> dict[str, tuple[float, float]]:
    """Cell type -> (before, after) at the start of the gene."""
    before, after = tell(place), tell(place, grammar, change(place, moves).edits)
    return {
        cell: tuple(start_signal(told.tracks, told.interval, place.gene.tss, cell) for told in (before, after))
        for cell in CELL_TYPES
    }


@pytest.mark.parametrize("told", stories(), ids=lambda told: told.name)
def test_what_is_told_is_the_truth_to_the_last_bit(told):
    place = locus(told)
    others = Grammar(reach_bp=2_500, insulation=1, silencing=9, strength=2)
    for moves, grammar in [*((moves, Grammar()) for moves in MOVES[1:5]), *((moves, others) for moves in MOVES[5:])]:
        edits = change(place, moves).edits
        found = tell(place, grammar, edits)
        assert np.array_equal(found.tracks, world().truth(place.seen, grammar, edits)), moves
        assert found.tracks.shape == (192, len(TRACKS))


def test_terms_make_the_level():
    grammar = Grammar(strength=1.5, silencing=7)
    for terms in tell(story("silencer"), grammar).terms.values():
        level = terms.promoter * (grammar.basal + grammar.strength * terms.reached) / terms.damped
        assert terms.level == pytest.approx(level, rel=1e-4)
        assert terms.damped > 1.5  # the silencer of this story


@pytest.mark.parametrize("told", stories(), ids=lambda told: told.name)
def test_edits_keep_every_other_base_in_its_place(told):
    place = locus(told)
    before = changed_letters(place.seen, ())
    for moves in MOVES:
        done = change(place, moves)
        assert all(len(edit.letters) == edit.interval.width_bp for edit in done.edits)
        after = changed_letters(place.seen, done.edits)
        differs = np.flatnonzero(encode(before) != encode(after)) + place.seen.start
        inside = [any(e.interval.start <= at < e.interval.end for e in done.edits) for at in differs]
        assert all(inside)
        assert bool(len(differs)) == bool(done.edits)


def test_sites_go_weakest_first_and_the_letters_stay_the_same_ones():
    element = story("enhancer").element
    letters = world().genome.fetch(element.interval)
    own = element_sites(element)
    named = {motif.name for motif in motifs() if motif.role == element.cell_types[0]}
    assert len(own) >= 3
    for count in range(len(own)):
        left = with_sites(letters, element.kind, count)
        assert sorted(left) == sorted(letters)
        for kept in own[:count]:
            assert left[kept.start : kept.end] == letters[kept.start : kept.end]
        elsewhere = [
            s for s in sites(encode(left)) if s.motif in named
            and all(s.end <= kept.start or s.start >= kept.end for kept in own[:count])
        ]  # fmt: skip
        assert not elsewhere
    assert with_sites(letters, element.kind, len(own)) == letters


def test_a_shuffled_element_has_its_letters_and_no_site():
    for element in all_elements()[:40]:
        letters = world().genome.fetch(element.interval)
        out = shuffled_out(letters)
        assert sorted(out) == sorted(letters)
        assert not sites(encode(out))


def test_a_moved_element_is_written_at_its_distance_on_its_own_side():
    place = story("cells")
    done = change(place, Moves(distance_bp=6_500))
    assert place.element.middle < place.gene.tss
    assert done.element.centre == place.gene.tss - 6_500
    assert changed_letters(done.element, done.edits) == world().genome.fetch(place.element.interval)
    assert not sites(encode(changed_letters(place.element.interval, done.edits)))


def test_a_move_by_less_than_its_own_width_still_shuffles_what_it_leaves():
    place = story("enhancer")
    done = change(place, Moves(distance_bp=place.distance_bp + 100))
    assert changed_letters(done.element, done.edits) == world().genome.fetch(place.element.interval)
    left = Interval(place.chrom, place.element.interval.start, done.element.start)
    assert not sites(encode(changed_letters(left, done.edits)))


def test_boundaries_are_written_and_taken_out():
    behind, near = story("boundary"), story("enhancer")
    assert len(boundaries_between(behind, behind.element.middle)) == 1
    out = change(behind, Moves(boundary=False))
    assert out.boundaries == 0
    assert out.removed == boundaries_between(behind, behind.element.middle)
    assert change(behind, Moves(boundary=True)).edits == ()  # there is one
    written = change(near, Moves(boundary=True))
    low, high = sorted((near.gene.tss, near.element.middle))
    assert low < written.written.start < written.written.end < high
    found = sites(encode(changed_letters(written.written, written.edits)))
    assert sum(site.motif == "CTCF" for site in found) >= 3
    assert change(near, Moves(boundary=False)).edits == ()


def test_no_room_for_a_boundary_is_said():
    done = change(story("enhancer"), Moves(distance_bp=600, boundary=True))
    assert done.written is None
    assert "no room" in done.notes[0]


def test_each_story_shows_its_rule():
    cell = story("enhancer").cell_type
    before, after = signals(story("enhancer"), Moves(sites=0))[cell]
    assert after < 0.3 * before
    near, far = (signals(story("enhancer"), Moves(distance_bp=d))[cell][1] for d in (1_000, 9_000))
    assert near > 2 * far
    behind = story("boundary")
    before, after = signals(behind, Moves(boundary=False))[behind.cell_type]
    assert after > 2.5 * before
    for before, after in signals(story("silencer"), Moves(sites=0)).values():
        assert after > 1.5 * before
    cells = signals(story("cells"), Moves(sites=0))
    own = story("cells").cell_type
    other = next(c for c in CELL_TYPES if c != own)
    assert cells[own][1] < 0.5 * cells[own][0]
    assert cells[other][1] == pytest.approx(cells[other][0], rel=0.02)


def test_what_cannot_be_had_is_refused():
    place = story("enhancer")
    with pytest.raises(SequenceError, match="600 to 11,500"):
        change(place, Moves(distance_bp=20_000))
    with pytest.raises(SequenceError, match="0 or more"):
        change(place, Moves(sites=-1))
    with pytest.raises(UnknownGeneError, match="SIMA1"):
        locus_of("BRCA1")
    with pytest.raises(UnknownGeneError, match="no element"):
        locus_of(place.gene.symbol, "enhancer_liver:sim4.1")
    alone = Locus(place.chrom, place.gene, None)
    assert change(alone, Moves()).edits == ()
    with pytest.raises(SequenceError, match="another gene"):
        change(alone, Moves(sites=1))


def test_every_gene_can_be_shown_up_to_the_ends_of_its_chromosome():
    for genes in world().genes.values():
        for gene in (genes[0], genes[-1]):
            place = locus_of(gene.symbol)
            assert np.array_equal(tell(place).tracks, world().truth(place.seen))


def test_elements_and_origin():
    element = story("cells").element
    assert element in elements_in(Interval(element.interval.chrom, element.middle, element.middle + 1))
    assert element.cell_types == (element.kind.removeprefix("enhancer "),)
    assert origin_sentence() == f"playground: simulated genome · grammar {GRAMMAR_VERSION} · seed {SEED}"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (15.0, 1.6, "15.0 → 1.6 (× 0.11)"),
        (8.0, 8.01, "8.0 → 8.0 (no change)"),
        (3.2, 32.4, "3.2 → 32.4 (× 10)"),
        (0.01, 4.0, "0.0 → 4.0"),
    ],
)
def test_a_change_in_words(before, after, said):
    assert change_sentence(before, after) == said
