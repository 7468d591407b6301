"""SentencePiece files of Date Reader, in the format of transformers' MarianTokenizer, and plain access to them.

Source: a unigram model (Kudo 2018) that starts from a list of the words of dates, so that each of them
is one piece; digits stand alone; letters, digits and marks are pieces too, for any other word.
Capitals are folded inside the model (nmt_nfkc_cf). Target: single characters.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sentencepiece

from core.teaching.dates.phrases import LEAD_INS, DatePhrase
from core.teaching.dates.words import MONTHS, NUMBERS, ORDINALS, SHORT_MONTHS, TENS, TENTHS, WEEKDAYS

FILES = ("source.spm", "target.spm", "vocab.json", "tokenizer_config.json")
END, UNKNOWN, PAD = "</s>", "<unk>", "<pad>"
TARGET_CHARACTERS = "0123456789-"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MARKS = "-,.'/:;!?()"


def word_list() -> tuple[list[str], list[str]]:
    """Every word of `phrases.phrase` in small letters, and those that follow a hyphen or a digit."""
    parts = [*NUMBERS[1:10], *ORDINALS[1:10], "st", "nd", "rd", "th"]
    words = [*MONTHS, *SHORT_MONTHS, *WEEKDAYS, *NUMBERS, *TENS, *ORDINALS, *TENTHS, "hundred", "thousand", "oh"]
    words += [word for lead in LEAD_INS for word in lead.split()] + ["the", "of", "and"]
    return sorted({w.lower() for w in words if w}), parts


def _learn(lines: list[str], **options: Any) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        character_coverage=1.0,
        bos_id=-1,
        eos_id=1,
        unk_id=0,
        num_threads=1,
        minloglevel=2,
        **options,
    )
    return model.getvalue()


def write_pieces(folder: Path) -> None:
    """Learn and write the tokenizer files of Date Reader; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    words, parts = word_list()
    characters = _LETTERS + "0123456789" + _MARKS
    # The model remembers the name of its seeds, so that is given without a folder.
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        seeds = [*(f"▁{word}" for word in words), *parts]
        Path("seeds.tsv").write_text("".join(f"{piece}\t200\n" for piece in seeds), encoding="utf-8")
        source = _learn(
            # All come up equally often, so that none is cheaper to spell in letters.
            [*words, *(f"{digit}-{part}" for digit in "23" for part in parts)] * 200,
            model_type="unigram",
            vocab_size=len(seeds) + len(characters) + 4,
            hard_vocab_limit=False,
            seed_sentencepieces_file="seeds.tsv",
            split_digits=True,
            normalization_rule_name="nmt_nfkc_cf",
            required_chars=characters,
        )
    target = _learn(
        [TARGET_CHARACTERS] * 20,
        model_type="char",
        vocab_size=len(TARGET_CHARACTERS) + 2,
        hard_vocab_limit=False,
        add_dummy_prefix=False,
        normalization_rule_name="nmt_nfkc_cf",
    )
    (folder / "source.spm").write_bytes(source)
    (folder / "target.spm").write_bytes(target)
    known: dict[str, None] = dict.fromkeys([END, UNKNOWN, *TARGET_CHARACTERS])
    for model in (source, target):
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        known |= dict.fromkeys(processor.id_to_piece(i) for i in range(processor.vocab_size()))
    vocabulary = {piece: i for i, piece in enumerate([*known, PAD])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    options = {"source_lang": "en", "target_lang": "iso", "model_max_length": 128, "tokenizer_class": "MarianTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(options, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, eq=False)
class Pieces:
    """The files of `write_pieces`, read without transformers.

    Attributes
    ----------
    vocabulary : piece -> id, shared by both sides; the end token is 0, padding comes last.
    """

    source: sentencepiece.SentencePieceProcessor
    target: sentencepiece.SentencePieceProcessor
    vocabulary: dict[str, int]

    @classmethod
    def load(cls, folder: Path) -> Pieces:
        vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        processors = [
            sentencepiece.SentencePieceProcessor(model_file=str(folder / name)) for name in ("source.spm", "target.spm")
        ]
        return cls(*processors, vocabulary)

    @property
    def pad(self) -> int:
        return self.vocabulary[PAD]

    def _ids(self, pieces: list[str]) -> list[int]:
        return [*(self.vocabulary.get(piece, self.vocabulary[UNKNOWN]) for piece in pieces), self.vocabulary[END]]

    def source_pieces(self, text: str) -> list[str]:
        return self.source.encode(text, out_type=str)

    def source_ids(self, text: str) -> list[int]:
        """Ids with the end token."""
        return self._ids(self.source_pieces(text))

    def target_ids(self, text: str) -> list[int]:
        """Ids with the end token."""
        return self._ids(self.target.encode(text, out_type=str))


def token_places(text: str, pieces: list[str]) -> list[tuple[int, int]]:
    """Half-open character range of each piece in a plain ASCII `text` that no normalisation shortens.

    A piece that is only "▁" has no character: its range is empty and lies where the word starts.

    Raises
    ------
    ValueError
        The pieces do not spell the text.
    """
    places = []
    at = 0
    for piece in pieces:
        letters = piece.replace("▁", "")
        while text[at : at + 1] == " ":
            at += 1
        if text[at : at + len(letters)].lower() != letters:
            raise ValueError(f"the piece {piece!r} is not at place {at} of {text!r}")
        places.append((at, at + len(letters)))
        at += len(letters)
    return places


def right_tokens(phrase: DatePhrase, pieces: list[str]) -> tuple[list[frozenset[int]], list[frozenset[int]]]:
    """For each target character the source tokens that say it, and those that say or imply it.

    A lone "▁" that starts a word says nothing, but counts among the tokens of a word that implies:
    in "▁" "3" both show that the day has no tens.
    """
    places = token_places(phrase.text, pieces)

    def tokens(spans: tuple[tuple[int, int], ...]) -> frozenset[int]:
        return frozenset(i for i, (start, end) in enumerate(places) for a, b in spans if start < b and a < end)

    def starts(spans: tuple[tuple[int, int], ...]) -> frozenset[int]:
        return frozenset(i for i, (start, end) in enumerate(places) for a, _ in spans if start == end == a)

    said = [tokens(link.said) for link in phrase.links]
    implied = [tokens(link.implied) | starts(link.implied) for link in phrase.links]
    return said, [sure | more for sure, more in zip(said, implied, strict=True)]
