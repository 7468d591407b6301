"""Contributions and variants in headless Chromium: a new visitor until the first logo, a variant until its picture."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.pages import App, new_page, open_browser, wait_until_idle
from tests.bench.report import Case

BROWSER = "[data-testid=genome-browser][data-settled]"
WARM_GENE, GENES = "SIMB20", ("SIMA41", "SIMC8", "SIMD39", "SIMA10", "SIMB12")
VARIANTS = ("sim2:300100", "sim3:200100", "sim4:500100", "sim1:400100", "sim2:500100")
AIM_LOGO, AIM_VARIANT = 3.0, 2.0


def _logo(page: Any, app: App, gene: str) -> float:
    start = time.perf_counter()
    page.goto(f"{app.url}/contributions?locus={gene}", wait_until="commit")
    browser = page.locator(BROWSER)
    browser.get_by_text(f"Contributions at {gene}").first.wait_for()
    browser.get_by_text("Gradient × input of").first.wait_for(state="attached")
    return time.perf_counter() - start


def _variant(page: Any, place: str) -> float:
    """From Enter until the picture of a variant that nobody asked for is drawn."""
    box = page.get_by_label("Variant", exact=True)
    chrom, position = place.split(":")
    letter = _letter(chrom, int(position))
    box.fill(f"{place}:{letter}:{'A' if letter != 'A' else 'C'}")
    start = time.perf_counter()
    box.press("Enter")
    page.locator(BROWSER).get_by_text(f"Effect of {chrom}:{int(position):,} ").first.wait_for()
    return time.perf_counter() - start


def _letter(chrom: str, position: int) -> str:
    from core.genome import Interval, open_genome

    return open_genome("playground").fetch(Interval(chrom, position - 1, position)).upper()


def measure_letters_pages(runs: int) -> Iterator[Case]:
    """New visitors at genes nobody asked for, and variants nobody asked for, on a warm server."""
    logos, pictures = [], []
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        app = App(folder)
        try:
            app.wait_until_healthy()
            with new_page(browser) as page:  # the warm-up is over once a page has answered
                _logo(page, app, WARM_GENE)
                wait_until_idle(page)
                time.sleep(3)
            for gene in GENES[: max(3, runs)]:
                with new_page(browser) as page:
                    logos.append(_logo(page, app, gene))
                    wait_until_idle(page)
            with new_page(browser) as page:
                page.goto(f"{app.url}/variants", wait_until="commit")
                page.locator(BROWSER).get_by_text("Effect of").first.wait_for()
                wait_until_idle(page)
                for place in VARIANTS[: max(3, runs)]:
                    pictures.append(_variant(page, place))
                    wait_until_idle(page)
        finally:
            app.stop()
    group, new = "letters-pages", "nobody asked for, playground"
    yield Case(group, f"a new visitor opens a gene {new}: until its first logo is drawn", "s", tuple(logos), AIM_LOGO)
    yield Case(group, f"a variant {new}: from Enter until both alleles are drawn", "s", tuple(pictures), AIM_VARIANT)
