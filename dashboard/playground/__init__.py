"""Parts of the playground page."""
