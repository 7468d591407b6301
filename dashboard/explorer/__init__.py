"""Parts of the attention page: each asks `core.runtime` for a value and lays its pictures out."""
