"""Small random model folders in transformers' format, made by transformers itself."""

from __future__ import annotations

from pathlib import Path

import sentencepiece
import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

TEXT = [
    "The quick brown fox jumps over the lazy dog.",
    "The animal didn't cross the street because it was too tired.",
    "L'animal n'a pas traversé la rue parce qu'il était trop fatigué.",
] * 4
SIZES = {"layers": 3, "heads": 4, "width": 32}


def _byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def _word_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=150, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))],
    )
    return tokenizer


def gpt2(folder: Path, *, context: int = 64, **options: object) -> Path:
    """A random GPT-2 with a byte-level BPE."""
    torch.manual_seed(1)
    tokenizer = _byte_level()
    config = hf.GPT2Config(
        vocab_size=tokenizer.get_vocab_size(),
        n_positions=context,
        n_layer=SIZES["layers"],
        n_head=SIZES["heads"],
        n_embd=SIZES["width"],
        initializer_range=0.2,
        **options,
    )
    hf.GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def bert(folder: Path, *, masked_word_head: bool = True, context: int = 64) -> Path:
    """A random BERT with a WordPiece vocabulary."""
    torch.manual_seed(2)
    tokenizer = _word_piece()
    config = hf.BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=SIZES["width"],
        num_hidden_layers=SIZES["layers"],
        num_attention_heads=SIZES["heads"],
        intermediate_size=64,
        max_position_embeddings=context,
        initializer_range=0.2,
    )
    (hf.BertForMaskedLM if masked_word_head else hf.BertModel)(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def distilbert(folder: Path) -> Path:
    """A random DistilBERT with a WordPiece vocabulary."""
    torch.manual_seed(3)
    tokenizer = _word_piece()
    config = hf.DistilBertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        dim=SIZES["width"],
        n_layers=SIZES["layers"],
        n_heads=SIZES["heads"],
        hidden_dim=64,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    hf.DistilBertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def marian(folder: Path) -> Path:
    """A random translation model with its own SentencePiece vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT),
        model_prefix=str(folder / "source"),
        vocab_size=60,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.model"))
    (folder / "source.model").rename(folder / "source.spm")
    (folder / "source.vocab").unlink()
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    pieces = [processor.id_to_piece(i) for i in range(processor.vocab_size())]
    words = ["</s>", "<unk>", *[p for p in pieces if p not in {"<s>", "</s>", "<unk>"}], "<pad>"]
    import json

    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"source_lang": "en", "target_lang": "fr"}))
    torch.manual_seed(4)
    config = hf.MarianConfig(
        vocab_size=len(words),
        d_model=SIZES["width"],
        encoder_layers=SIZES["layers"],
        decoder_layers=SIZES["layers"],
        encoder_attention_heads=SIZES["heads"],
        decoder_attention_heads=SIZES["heads"],
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=64,
        pad_token_id=len(words) - 1,
        eos_token_id=0,
        decoder_start_token_id=len(words) - 1,
        forced_eos_token_id=0,
        init_std=0.2,
    )
    hf.MarianMTModel(config).save_pretrained(folder)
    return folder
