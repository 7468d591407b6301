"""Date Reader: a small Marian-architecture translation model from spoken English dates to digits.

`words` says numbers and months, `phrases` makes dates whose alignment is known, `pieces` makes the
SentencePiece files, `data` the batches, `train` trains, `evaluate` measures and writes the model
card. The trained model lives in ``assets/models/date-reader`` and is teaching material.
"""

DATE_EXAMPLES = (
    "the twenty-third of April nineteen ninety-nine",
    "on Monday, the twenty-first of June two thousand and four",
    "December thirty-first, nineteen hundred",
    "3rd of May 1984",
)
