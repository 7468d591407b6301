"""The enhancers of a gene: candidates in the order of a score, against the truth where it is known; attention rows."""
