"""A model comes from a hub: its size first, progress, Cancel, and the rest of it later."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.attention_page import AttentionPage
from tests.core.language import folders
from tests.hub_server import Faults, HubServer

REPO = "openai-community/gpt2"


def test_download_is_cancelled_and_goes_on_to_the_picture(page, launch_app, tmp_path):
    folders.gpt2(tmp_path / REPO)
    size = (tmp_path / REPO / "model.safetensors").stat().st_size
    with HubServer(tmp_path) as hub:
        opened = AttentionPage(page).open(launch_app(HF_ENDPOINT=hub.url).url, model="gpt2", text="The lazy dog.")
        button = page.get_by_role("button", name=re.compile(r"^Download .*\d+ MB"))
        expect(button).to_be_visible()
        assert not hub.requests  # nothing is asked of the hub before the click

        hub.faults = Faults(only="/cdn/", chunk_delay=1.0)
        button.click()
        progress = page.get_by_test_id("stProgress")
        expect(progress).to_contain_text(re.compile(r"[1-9]\d* kB of \d+ kB"))
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        first = hub.sent_bytes()
        assert 0 < first < size

        hub.mend()
        page.get_by_role("button", name=re.compile("Go on with the download")).click()
        opened.wait("GPT-2 small: layer 0, head 0")
        assert any(request.range for request in hub.requests)
        assert 0 < hub.sent_bytes() < size
    expect(opened.text).to_have_value("The lazy dog.")
    assert opened.data("queries") > 3
