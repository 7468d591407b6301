"""Storybook GPT: a small GPT-2-architecture decoder trained on public-domain children's classics.

`corpus` cleans and splits the books, `tokenizer` learns the byte-level BPE, `train` trains,
`evaluate` measures and writes the model card. The trained model lives in
``assets/models/storybook-gpt`` and is teaching material, not GPT-2.
"""
