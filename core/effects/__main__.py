"""`python -m core.effects score in.vcf --genome hg38 --model official --out scores.tsv`."""

import sys

from core.effects.command import main

if __name__ == "__main__":
    sys.exit(main())
