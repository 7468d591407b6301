"""The playground: a small simulated genome whose truth is known, and an Enformer trained on it.

Nothing here is human: a written grammar turns a sequence and its genes into twelve tracks, so the exact effect
of any change is known. Sequence motifs are real (JASPAR 2026); everything else is made from a seed.
"""
