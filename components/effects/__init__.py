"""Parts of the Variants page that show the effects of variants."""
