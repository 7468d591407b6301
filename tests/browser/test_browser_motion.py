"""The browser's arithmetic of places and ticks, by its properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from components.browser import HERE

FILES = ("motion.js", "ruler.js", "rowlist.js")
SEEDED = """
let seed = 5;
const random = () => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648; };
"""


@pytest.fixture(scope="module")
def run(browser) -> Callable[[str], Any]:
    """`run(code)`: what the code returns, with the browser's functions at hand."""
    code = "\n".join((HERE / name).read_text(encoding="utf-8") for name in FILES)
    page = browser.new_page()
    yield lambda body: page.evaluate(f"() => {{ {code}\n{SEEDED}\n{body} }}")
    page.close()


def test_no_place_leaves_the_chromosome_or_gets_too_narrow(run):
    assert run("""
      const wrong = [];
      for (let turn = 0; turn < 4000; turn += 1) {
        const most = Math.round(10 ** (1 + 8 * random()));
        const start = (random() * 3 - 1) * most;
        const found = insideContig(start, start + random() * 2 * most + 0.1, most);
        const wide = found.end - found.start;
        const least = Math.min(40, most);
        if (!(found.start >= 0 && found.end <= most + 1e-6 && wide >= least - 1e-6)) wrong.push([most, found]);
      }
      return wrong;
    """) == []  # fmt: skip


def test_a_place_inside_stays_as_it_is(run):
    assert run("return insideContig(100.25, 1100.5, 5000)") == {"start": 100.25, "end": 1100.5}
    assert run("return insideContig(-50, 50, 30)") == {"start": 0, "end": 30}
    assert run("return insideContig(4500, 5500, 5000)") == {"start": 4000, "end": 5000}


def test_what_is_under_the_pointer_stays_in_a_zoom_and_in_a_glide(run):
    worst = run("""
      let worst = 0;
      for (let turn = 0; turn < 3000; turn += 1) {
        const place = { start: 4e6 * (1 + random()), end: 0 };
        place.end = place.start + 10 ** (2 + 3 * random());
        const bp = place.start + random() * (place.end - place.start);
        const share = (bp - place.start) / (place.end - place.start);
        const next = zoomedPlace(place, Math.exp(4 * random() - 2), bp, 1e8);
        const middle = placeBetween(place, next, random());
        for (const one of [next, middle]) {
          worst = Math.max(worst, Math.abs((bp - one.start) / (one.end - one.start) - share));
        }
      }
      return worst;
    """)  # fmt: skip
    assert worst < 1e-6
    assert run("return zoomedPlace({ start: 100, end: 1100 }, 0.001, 600, 5000)") == {"start": 580, "end": 620}
    assert run("return zoomedPlace({ start: 100, end: 1100 }, 100, 600, 5000)") == {"start": 0, "end": 5000}


def test_a_glide_begins_and_ends_where_it_should(run):
    places = run("""
      const [from, to] = [{ start: 10, end: 110 }, { start: 500, end: 900 }];
      return [0, 0.5, 1].map((share) => placeBetween(from, to, share));
    """)
    assert places[0] == {"start": 10, "end": 110}
    assert places[1]["end"] - places[1]["start"] == pytest.approx(200)  # half way from 100 to 400 in the logarithm
    assert (places[2]["start"], places[2]["end"]) == pytest.approx((500, 900))


def test_ticks_are_round_one_based_and_apart(run):
    assert run("""
      const wrong = [];
      for (let turn = 0; turn < 500; turn += 1) {
        const start = Math.floor(random() * 2e8);
        const place = { start, end: start + 10 ** (1.7 + 6 * random()) };
        const view = viewOf(place, 60, 800, 249e6);
        const named = rulerTicks(view, 60, 800).filter(({ text }) => text);
        named.forEach(({ position, x, text }, i) => {
          if (Math.abs(view.bp(x) - (position - 0.5)) > 1e-3) wrong.push(["place", position]);
          if (i && x - named[i - 1].x < TICK_ROOM - 1) wrong.push(["near", x]);
          if (i && text === named[i - 1].text) wrong.push(["same", text]);
          const [number, unit] = text.replaceAll(",", "").split(" ");
          const read = Number(number) * ({ Mb: 1e6, kb: 1e3 }[unit] ?? 1);
          if (Math.abs(read - position) > 1e-6) wrong.push(["value", text, position]);
        });
        if (place.end - place.start > 300 && named.length < 3) wrong.push(["few", place]);
      }
      return wrong;
    """) == []  # fmt: skip
    ticks = """
      const view = viewOf({ start: START, end: END }, 0, 800, 1e8);
      return rulerTicks(view, 0, 800).map(({ text }) => text);
    """
    named = [tick for tick in run(ticks.replace("START", "0").replace("END", "50")) if tick]
    assert named == ["10", "20", "30", "40", "50"]
    named = [tick for tick in run(ticks.replace("START", "999999").replace("END", "1114688")) if tick]
    assert named == ["1.00 Mb", "1.02 Mb", "1.04 Mb", "1.06 Mb", "1.08 Mb", "1.10 Mb"]


def test_a_locus_is_written_as_people_read_it(run):
    assert run('return locusText("chr1", { start: 0, end: 1 })') == "chr1:1-1"
    assert run('return locusText("chr1", { start: 999.6, end: 2000.2 })') == "chr1:1,001-2,000"


ROWS = """
let time = 0;
const list = createRowList({ tell: () => {}, now: () => time });
const row = (id, fields = {}) => ({ id, movable: true, height: "medium", log: false, scaling: "own", ...fields });
const ids = () => list.shown().map(({ id }) => id).join("");
list.hear(["a", "b", "c", "d"].map((id) => row(id)));
"""


def test_a_row_that_was_taken_away_waits_for_python(run):
    assert run(ROWS + """
      const seen = [];
      list.remove("b");
      seen.push(ids());
      list.hear(["a", "b", "c", "d"].map((id) => row(id)));
      seen.push(ids());
      list.message();
      list.hear(["a", "c", "d"].map((id) => row(id)));
      seen.push(ids());
      list.hear(["a", "b", "c", "d"].map((id) => row(id)));  // chosen again in the page
      seen.push(ids());
      return seen;
    """) == ["acd", "acd", "acd", "abcd"]  # fmt: skip


def test_python_has_the_last_word_when_it_never_answers(run):
    assert run(ROWS + """
      list.remove("b");
      list.set("a", "height", "large");
      time = 11000;
      list.hear(["a", "b", "c", "d"].map((id) => row(id)));
      return [ids(), list.shown()[0].height, list.message()[0].height];
    """) == ["abcd", "medium", None]  # fmt: skip


def test_a_new_row_keeps_its_place_in_an_order_that_waits(run):
    assert run(ROWS + """
      const moved = [list.move("d", 0), list.move("d", 0)];
      list.message();
      list.hear(["a", "x", "b", "c", "d"].map((id) => row(id)));
      return [ids(), ...moved];
    """) == ["daxbc", True, False]  # fmt: skip


def test_fixed_rows_are_not_passed(run):
    assert run(ROWS + """
      list.hear([row("g", { movable: false }), row("a"), row("b"), row("t", { movable: false }), row("c")]);
      return [list.reach("a"), list.reach("g"), list.move("b", 0), ids(), list.move("c", 0), list.move("g", 3)];
    """) == [[1, 2], [0, 0], True, "gbatc", False, False]  # fmt: skip


def test_python_hears_what_the_person_set_and_nothing_else(run):
    assert run(ROWS + """
      list.set("c", "log", true);
      list.set("c", "height", "small");
      return list.message()[2];
    """) == {"id": "c", "height": "small", "log": True, "scaling": None}  # fmt: skip
