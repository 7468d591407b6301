"""Files of one session."""

from __future__ import annotations

import pytest

from core import uploads
from core.errors import GenomeFileError
from core.uploads import SessionFolder, safe_name


def test_the_next_genome_takes_the_place_of_the_last_and_closing_removes_all():
    folder = SessionFolder()
    first = folder.keep_genome("a.fa", b">a\nACGT\n")
    second = folder.keep_genome("a.fa", b">a\nACGTA\n")
    assert second.read_bytes() == b">a\nACGTA\n"
    assert not first.exists()
    home = second.parent.parent
    folder.close()
    assert not home.exists()


@pytest.mark.parametrize(("name", "content", "said"), [("a.txt", b"x", "no FASTA"), ("a.fa", b"", "empty")])
def test_what_is_no_genome_is_refused_and_the_last_one_stays(name, content, said):
    folder = SessionFolder()
    kept = folder.keep_genome("a.fa", b">a\nACGT\n")
    with pytest.raises(GenomeFileError, match=said):
        folder.keep_genome(name, content)
    assert kept.exists()


def test_too_large_is_refused_here_and_not_by_the_browser_alone(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_GENOME_BYTES", 10)
    with pytest.raises(GenomeFileError, match="ATTENDOME_GENOMES"):
        SessionFolder().keep_genome("a.fa", b">a\n" + b"A" * 10)


@pytest.mark.parametrize(
    ("given", "safe"), [("../../x.fa", "x.fa"), ("C:\\x\\y.fa", "y.fa"), ("é n.fa", "_n.fa"), ("...", "genome")]
)
def test_names_cannot_leave_the_folder(given, safe):
    assert safe_name(given) == safe


def test_a_folder_nobody_holds_is_removed():
    folder = SessionFolder()
    kept = folder.keep_genome("a.fa", b">a\nACGT\n")
    del folder
    assert not kept.exists()
