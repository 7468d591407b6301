"""Parts of the contributions page: its inputs, rows, words and files."""
