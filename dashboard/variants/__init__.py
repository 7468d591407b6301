"""Parts of the Variants page."""
