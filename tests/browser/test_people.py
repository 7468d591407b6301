"""Two people at once, each with another model and text."""

from __future__ import annotations

from components.attention import attention_payload
from tests.browser.attention_page import IT, AttentionPage


def test_two_people_each_get_their_own_picture(new_page, app_server, computed):
    asked = [
        {"model": "minilm", "text": IT, "layer": 3, "head": 1},
        {"model": "storybook-gpt", "text": "Once upon a time there was a king.", "layer": 2, "head": 4},
    ]
    people = [AttentionPage(new_page()) for _ in asked]
    for person, params in zip(people, asked, strict=True):
        person.open(app_server, **params)
    for person, params in zip(people, asked, strict=True):
        result = computed(params["model"], params["text"])
        payload = attention_payload(result, [params["layer"]], params["head"])
        person.wait(payload["title"])
        assert person.data("queries") == len(result.target)
        assert person.description == payload["description"]
        weight = result.head(params["layer"], params["head"])[3, 1]
        assert f"{weight:.4f}" in person.point_at(3, 1)
