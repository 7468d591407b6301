"""What Attendome has to know about a model of the hub before it asks for it."""

from __future__ import annotations

from dataclasses import dataclass

NO_TOKENIZER: tuple[tuple[str, ...], ...] = ((),)


@dataclass(frozen=True)
class HubModel:
    """A model on the hub that a person may ask for.

    Attributes
    ----------
    name : what links and code call it.
    repo : its repository.
    title : its name on the page.
    approximate_bytes : what a download takes, until the hub has been asked.
    licence : as the hub states it.
    summary : one sentence for students.
    tokenizer_files : sets of files, any one of which makes a tokenizer; `NO_TOKENIZER` for a model without.
    aliases : older names of the repository, under which other tools may have stored it.
    """

    name: str
    repo: str
    title: str
    approximate_bytes: int
    licence: str
    summary: str
    tokenizer_files: tuple[tuple[str, ...], ...]
    aliases: tuple[str, ...] = ()
