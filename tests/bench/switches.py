"""The attention page's switches, which run no model: from a click to the picture that answers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from core.language import LanguageModel, load_model
from tests.bench.pages import new_page, open_browser, running_app, wait_for_picture, wait_until_idle
from tests.bench.report import Case
from tests.bench.texts import text_of

MODELS = (("minilm", 60), ("storybook-gpt", 200))
# What is pressed -> what brings the first picture back.
SWITCHES = {
    "Norms": "Weights",
    "Rollout": "Weights",
    "Words": "Tokens",
    "Hide the sink": "Hide the sink",
    "Log": "0 to 1",
}
# Long words, so that MiniLM too has something to merge.
START = "The unputdownable storybooks whisper that"
AIM_SECONDS = 0.3
# When the mouse button was let go, and when the picture of the data that came after it was two frames old.
WATCH = """
  window.addEventListener("pointerup", (event) => {
    window.pressedAt = event.timeStamp;
    window.answered = false;
    window.seenAt = undefined;
  }, true);
  const mark = performance.mark.bind(performance);
  performance.mark = (name, ...options) => {
    if (name === "attendome-heatmap-received") window.answered = true;
    if (name === "attendome-heatmap-drawn" && window.answered) {
      requestAnimationFrame(() => requestAnimationFrame(() => { window.seenAt ??= performance.now(); }));
    }
    return mark(name, ...options);
  };
"""


def _text(model: LanguageModel, tokens: int, seed: object) -> str:
    """A text of `tokens` tokens of the model, in which some words have several."""
    first = len(model.tokenizer.encode(START).sequence)
    short = text_of(model, tokens - first, seed)
    missing = tokens - len(model.tokenizer.encode(f"{START} {short}").sequence)
    return f"{START} {text_of(model, tokens - first + missing, seed)}"


def _press(page: Any, name: str) -> float:
    """Seconds from the click to the picture."""
    if name == "Hide the sink":
        button = page.get_by_test_id("stCheckbox").filter(has_text=name).locator("label").first
    else:
        button = page.get_by_role("radio", name=name, exact=True)
    button.click()
    page.wait_for_function("window.seenAt !== undefined")
    seconds = page.evaluate("(window.seenAt - window.pressedAt) / 1000")
    wait_until_idle(page)
    return seconds


def measure_switches(runs: int) -> Iterator[Case]:
    """Each switch of the sidebar once a run, each run with a text of its own, by a person of its own."""
    with running_app() as app, open_browser() as browser:
        app.wait_until_healthy()
        for name, tokens in MODELS:
            model = load_model(name)
            found: dict[str, list[float]] = {switch: [] for switch in SWITCHES}
            for run in range(runs + 1):
                with new_page(browser) as page:
                    page.add_init_script(WATCH)
                    page.goto(f"{app.url}/attention?model={name}&text={quote(_text(model, tokens, f'switches {run}'))}")
                    wait_for_picture(page, f"{model.card.title}: layer 0, head 0")
                    wait_until_idle(page)
                    for switch, back in SWITCHES.items():
                        seconds = _press(page, switch)
                        _press(page, back)
                        if run:  # the first one fills the caches
                            found[switch].append(seconds)
            for switch, seconds in found.items():
                what = (
                    f"{model.card.title}, {tokens} tokens: “{switch}”, from the click to two frames after the picture"
                )
                yield Case("switches", what, "s", tuple(seconds), AIM_SECONDS)
