"""Provenance as figures print it."""

from core.cards import Provenance


def test_sentence():
    assert Provenance("MiniLM", "53aa", "official").sentence == "MiniLM · official weights 53aa · float32"
    assert Provenance("Toy", "0", "random", "bfloat16", "hg38").sentence == "Toy · random weights 0 · bfloat16 · hg38"
