"""The comparison with another tool is left out where that tool is not installed."""

from __future__ import annotations

import pytest

from tests.bench import peer


def test_without_the_peer_there_is_a_sentence_and_no_case(tmp_path, monkeypatch, capsys):
    pytest.importorskip("playwright")
    monkeypatch.setattr(peer, "PEERS", tmp_path / "nothing-here")
    assert not list(peer.measure_bertviz(1))
    assert "not installed" in capsys.readouterr().out
