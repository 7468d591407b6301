"""The table of the playground model: `python -m core.teaching.evaluate`, the same as `...playground.evaluate`."""

from core.teaching.playground.evaluate import main

if __name__ == "__main__":
    main()
