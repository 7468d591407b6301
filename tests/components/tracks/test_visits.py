"""Back and forward."""

from __future__ import annotations

from components.tracks.visits import MAX_VISITS, Visit, Visits


def test_back_and_forward_with_what_was_seen():
    visits = Visits().go("A").see((1, 2)).go("B").go("C", (5, 6))
    assert (visits.can_go_back, visits.can_go_forward) == (True, False)
    visits = visits.step(-1).step(-1)
    assert visits.now == Visit("A", (1, 2))
    assert (visits.can_go_back, visits.can_go_forward) == (False, True)
    assert visits.step(-1).now == visits.now
    assert visits.step(2).now == Visit("C", (5, 6))


def test_another_place_forgets_what_was_forward_and_the_same_is_no_visit():
    visits = Visits().go("A").go("B").go("C").step(-1).go("D")
    assert [visit.locus for visit in visits.places] == ["A", "B", "D"]
    assert visits.go("D").places == visits.places
    assert visits.go("D", (3, 4)).now == Visit("D", (3, 4))


def test_nowhere_yet_and_never_too_many():
    assert Visits().now is None
    assert Visits().step(-1) == Visits()
    assert Visits().see((1, 2)) == Visits()
    many = Visits()
    for number in range(3 * MAX_VISITS):
        many = many.go(str(number))
    assert len(many.places) == MAX_VISITS
    assert many.now.locus == str(3 * MAX_VISITS - 1)
