"""Parts of the contributions page."""
