"""Tokenizers behind one stateless call, so that two people can encode at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from core.errors import ModelFilesError
from core.language.text import readable, words_of_tokens
from core.language.values import TokenSequence


@dataclass(frozen=True)
class Encoded:
    """Tokens of a text, and how many of them the vocabulary does not know."""

    sequence: TokenSequence
    segments: tuple[int, ...]
    unknown: int = 0


class TextTokenizer(Protocol):
    """What a model needs of a tokenizer."""

    def encode(self, text: str, second: str | None = None, *, as_target: bool = False) -> Encoded:
        """Tokens with the special tokens of the model; `second` is the other sentence of a pair."""
        ...

    @property
    def mask_id(self) -> int | None:
        """Id of the token that stands for a word to be guessed, None when there is none."""
        ...

    def labels(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Any ids of the vocabulary as labels for people, as `TokenSequence.labels`."""
        ...


@cache
def _byte_of_letter() -> dict[str, int]:
    from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

    return {letter: byte for byte, letter in bytes_to_unicode().items()}


def byte_level_label(token: str) -> str:
    """ "Ġfox" -> "·fox"; bytes that are no whole character -> "⟨f0⟩⟨9f⟩"."""
    try:
        data = bytes(_byte_of_letter()[letter] for letter in token)
    except KeyError:
        return token
    try:
        return readable(data.decode())
    except UnicodeDecodeError:
        return "".join(f"⟨{byte:02x}⟩" for byte in data)


class FastTokenizer:
    """A `tokenizers.Tokenizer` with its truncation and padding taken off."""

    def __init__(self, tokenizer: Any) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        description = json.loads(tokenizer.to_str())
        self._byte_level = "ByteLevel" in json.dumps([description.get("decoder"), description.get("pre_tokenizer")])
        unknown = description["model"].get("unk_token")
        self._unknown = None if unknown is None else tokenizer.token_to_id(unknown)

    @property
    def mask_id(self) -> int | None:
        return self._tokenizer.token_to_id("[MASK]")

    def labels(self, ids: Sequence[int]) -> tuple[str, ...]:
        # A model may have room for more tokens than its vocabulary lists.
        tokens = (self._tokenizer.id_to_token(i) or f"⟨id {i}⟩" for i in map(int, ids))
        return tuple(byte_level_label(t) if self._byte_level else t for t in tokens)

    def encode(self, text: str, second: str | None = None, *, as_target: bool = False) -> Encoded:
        encoding = self._tokenizer.encode(text, second)
        tokens = tuple(encoding.tokens)
        special = tuple(bool(flag) for flag in encoding.special_tokens_mask)
        if second is None:
            whole, offsets = text, list(encoding.offsets)
        else:
            whole = f"{text} {second}"
            shift = len(text) + 1
            offsets = [
                (start + shift, end + shift) if sequence == 1 else (start, end)
                for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids, strict=True)
            ]
        words, spans = words_of_tokens(whole, offsets, special, tokens)
        labels = tuple(byte_level_label(t) for t in tokens) if self._byte_level else tokens
        sequence = TokenSequence(tokens, labels, tuple(encoding.ids), words, spans, special)
        unknown = 0 if self._unknown is None else sum(i == self._unknown for i in encoding.ids)
        return Encoded(sequence, tuple(encoding.type_ids), unknown)


class MarianPieces:
    """transformers' MarianTokenizer; it switches its own state for targets, hence the lock."""

    def __init__(self, folder: Path) -> None:
        from transformers import MarianTokenizer

        self._tokenizer = MarianTokenizer.from_pretrained(folder, local_files_only=True)
        self._lock = threading.Lock()

    def encode(self, text: str, second: str | None = None, *, as_target: bool = False) -> Encoded:
        with self._lock:
            keyword = "text_target" if as_target else "text"
            ids = tuple(self._tokenizer(**{keyword: text})["input_ids"])
            tokens = tuple(self._tokenizer.convert_ids_to_tokens(list(ids)))
        unknown = self._tokenizer.unk_token_id
        return Encoded(self._sequence(ids, tokens), (0,) * len(ids), sum(i == unknown for i in ids))

    @property
    def mask_id(self) -> int | None:
        return None

    def labels(self, ids: Sequence[int]) -> tuple[str, ...]:
        tokens = self._tokenizer.convert_ids_to_tokens([int(i) for i in ids])
        return tuple(token.replace("▁", "·") for token in tokens)

    def sequence(self, ids: tuple[int, ...]) -> TokenSequence:
        """Tokens and words of ids that the model wrote itself."""
        return self._sequence(ids, tuple(self._tokenizer.convert_ids_to_tokens(list(ids))))

    def _sequence(self, ids: tuple[int, ...], tokens: tuple[str, ...]) -> TokenSequence:
        added = {self._tokenizer.eos_token_id, self._tokenizer.pad_token_id}
        return piece_sequence(tokens, ids, tuple(i in added for i in ids))


def piece_sequence(tokens: tuple[str, ...], ids: tuple[int, ...], special: tuple[bool, ...]) -> TokenSequence:
    """Group SentencePiece tokens into words: "▁" starts one, punctuation stands alone."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    open_word = False
    for index, token in enumerate(tokens):
        letters = token.removeprefix("▁")
        alone = special[index] or token == "<unk>"
        starts = alone or token.startswith("▁") or not any(c.isalnum() for c in letters)
        if not starts and open_word:
            words[-1] += letters
            spans[-1] = (spans[-1][0], index + 1)
        else:
            words.append(token if alone else letters)
            spans.append((index, index + 1))
        open_word = not alone and (not letters or letters[-1].isalnum() or letters[-1] in "'’")
    words = [word or tokens[start] for word, (start, _) in zip(words, spans, strict=True)]
    labels = tuple(token.replace("▁", "·") for token in tokens)
    return TokenSequence(tokens, labels, ids, tuple(words), tuple(spans), special)


def ids_sequence(ids: tuple[int, ...]) -> TokenSequence:
    """Tokens of a model that has no tokenizer: the ids themselves."""
    names = tuple(str(i) for i in ids)
    spans = tuple((i, i + 1) for i in range(len(ids)))
    return TokenSequence(names, names, ids, names, spans, (False,) * len(ids))


def load_tokenizer(folder: Path, architecture: str) -> TextTokenizer | None:
    """The tokenizer of a model folder, or None when the folder has none (then only ids are taken).

    Raises
    ------
    ModelFilesError
        Tokenizer files are there and cannot be read.
    """
    from tokenizers import Tokenizer

    try:
        if architecture == "marian":
            return MarianPieces(folder) if (folder / "source.spm").exists() else None
        if (folder / "tokenizer.json").exists():
            return FastTokenizer(Tokenizer.from_file(str(folder / "tokenizer.json")))
        if (folder / "vocab.json").exists() and (folder / "merges.txt").exists():
            from transformers import GPT2TokenizerFast

            fast = GPT2TokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
            return FastTokenizer(fast.backend_tokenizer)
        if (folder / "vocab.txt").exists():
            from transformers import BertTokenizerFast

            return FastTokenizer(BertTokenizerFast.from_pretrained(folder, local_files_only=True).backend_tokenizer)
    except Exception as error:  # tokenizers raises bare Exception for any fault in a file
        raise ModelFilesError(
            f"The tokenizer files in {folder.name} cannot be read ({type(error).__name__}); "
            "fetch the model again or choose another."
        ) from error
    return None
