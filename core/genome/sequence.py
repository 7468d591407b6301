"""DNA as letters and as numbers: one-hot and back, and the other strand."""

from __future__ import annotations

import re
from typing import overload

import numpy as np

from core.errors import SequenceError

BASES = "ACGT"
IUPAC = "ACGTRYSWKMBDHVN"
_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVNacgtryswkmbdhvn", "TGCAYRSWMKVHDBNtgcayrswmkvhdbn")
_OTHER = re.compile(rf"[^{IUPAC}{IUPAC.lower()}]")  # IGNORECASE would let "ſ" pass for an s


def _row_table() -> np.ndarray:
    """(256, 4) float32: the row of each byte."""
    table = np.zeros((256, 4), np.float32)
    for column, base in enumerate(BASES):
        table[ord(base), column] = table[ord(base.lower()), column] = 1
    table.flags.writeable = False
    return table


_ROWS = _row_table()
_LETTERS = np.frombuffer(b"ACGTN", np.uint8)


def check_sequence(sequence: str) -> None:
    """Check that a sequence is DNA: letters A, C, G, T, N and the IUPAC ones for "one of several", in either case.

    Raises
    ------
    SequenceError
        Something else is in it; the message says what and where.
    """
    if not isinstance(sequence, str):
        raise SequenceError(
            f"A sequence is given as text, not as {type(sequence).__name__}; give letters such as ACGT."
        )
    found = _OTHER.search(sequence)
    if found is None:
        return
    letter, place = found.group(), found.start() + 1
    if letter in "Uu" and not set(sequence.upper()) - set("ACGUN"):
        raise SequenceError("The sequence has the letter U, so it is RNA; write T in its place.")
    hint = (
        "leave gaps out"
        if letter in "-.*"
        else "leave spaces and line ends out"
        if letter.isspace()
        else "use N for unknown"
    )
    raise SequenceError(
        f"The sequence has {letter!r} as letter {place:,} of {len(sequence):,}; A, C, G, T, N and the IUPAC letters "
        f"are read, so {hint}."
    )


def clean_sequence(text: str) -> str:
    """The letters of a sequence as people paste it: header lines of FASTA, spaces, line ends and numbers left out.

    Raises
    ------
    SequenceError
        Nothing is left, two sequences were given, or something else than DNA is in it.
    """
    lines = text.strip().splitlines()
    headers = [number for number, line in enumerate(lines) if line.lstrip().startswith(">")]
    if len(headers) > 1:
        raise SequenceError(f"There are {len(headers)} sequences here; give one.")
    kept = "".join(line for number, line in enumerate(lines) if number not in headers)
    letters = re.sub(r"[\s\d]", "", kept).upper()
    if not letters:
        raise SequenceError("There is no sequence here; give letters such as ACGT.")
    check_sequence(letters)
    return letters


def one_hot(sequence: str) -> np.ndarray:
    """The sequence as numbers.

    Parameters
    ----------
    sequence : letters in either case; U, gaps and spaces are refused.

    Returns
    -------
    (length, 4) float32, columns A, C, G, T: 1 in the column of the base. N and every other IUPAC letter is a row of
    zeros. Length comes first, as enformer-pytorch takes it; many others put channels first.

    Raises
    ------
    SequenceError
        A letter that is no DNA.

    Source: the convention of enformer-pytorch; kipoiseq gives 0.25 for N by default, and zeros for lower case.
    """
    check_sequence(sequence)
    return _ROWS[np.frombuffer(sequence.encode("ascii"), np.uint8)]


def sequence_of(array: np.ndarray) -> str:
    """The letters of a one-hot array; a row of zeros is N.

    Parameters
    ----------
    array : (length, 4), columns A, C, G, T, each row with a single 1 or all zeros.

    Raises
    ------
    SequenceError
        Another shape, or a row that is neither.
    """
    array = np.asarray(array)
    if array.ndim != 2 or array.shape[1] != 4:
        hint = "; transpose it: length comes first here" if array.ndim == 2 and array.shape[0] == 4 else ""
        raise SequenceError(f"A one-hot array has the shape (length, 4), and this one {array.shape}{hint}.")
    ones = array == 1
    count = ones.sum(axis=1)
    wrong = (count > 1) | ((array != 0).sum(axis=1) != count)
    if wrong.any():
        row = int(wrong.argmax())
        raise SequenceError(
            f"Row {row:,} of the one-hot array is {np.array2string(array[row], threshold=8)}; each row has a single 1, "
            "or is all zeros for N."
        )
    return _LETTERS[np.where(count == 1, ones.argmax(axis=1), 4)].tobytes().decode("ascii")


@overload
def reverse_complement(sequence: str) -> str: ...
@overload
def reverse_complement(sequence: np.ndarray) -> np.ndarray: ...
def reverse_complement(sequence: str | np.ndarray) -> str | np.ndarray:
    """The other strand, read in its own direction; done twice it is the same again.

    Parameters
    ----------
    sequence : letters (case is kept, IUPAC letters are paired), or an array (..., length, 4) with columns A, C, G, T.

    Returns
    -------
    As given; of an array a new one of the same shape and dtype.

    Raises
    ------
    SequenceError
        A letter that is no DNA, or an array without four columns.
    """
    if isinstance(sequence, str):
        check_sequence(sequence)
        return sequence.translate(_COMPLEMENT)[::-1]
    array = np.asarray(sequence)
    if array.ndim < 2 or array.shape[-1] != 4:
        raise SequenceError(f"The array has the shape {array.shape}; give (length, 4) with columns A, C, G, T.")
    return np.ascontiguousarray(array[..., ::-1, ::-1])


def unknown_share(sequence: str) -> float:
    """How much of the sequence is no A, C, G or T, from 0 to 1; 0 of an empty one.

    Raises
    ------
    SequenceError
        A letter that is no DNA.
    """
    check_sequence(sequence)
    known = sum(sequence.count(base) + sequence.count(base.lower()) for base in BASES)
    return 1 - known / len(sequence) if sequence else 0.0
