"""The panels of the playground page: a locus, the rules, the motifs, the files."""
