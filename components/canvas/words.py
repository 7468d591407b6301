"""Text as the browser may show it: one harmless line."""

from __future__ import annotations

import unicodedata

MAX_LABEL_CHARACTERS = 120
MAX_TITLE_CHARACTERS = 500


def display_text(text: str, *, most: int = MAX_LABEL_CHARACTERS) -> str:
    """A token as one line of harmless text: what is invisible, or would reorder its neighbours, is spelled out.

    Joiners inside emoji and combining marks stay; controls, bidirectional controls, lone surrogates and
    noncharacters become visible; what is longer than `most` characters ends in an ellipsis.
    """
    shown = []
    for character in text[: most + 1]:
        code = ord(character)
        if character == "\n":
            shown.append("⏎")
        elif character == "\t":
            shown.append("⇥")
        elif unicodedata.category(character) in {"Cc", "Cs", "Cn", "Zl", "Zp"} or (
            unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
            or code in {0x200E, 0x200F, 0x061C}
        ):
            shown.append(f"U+{code:04X}")
        else:
            shown.append(character)
    if len(text) > most:
        shown[-1] = "…"
    line = "".join(shown)
    return line if line.strip() else "␣" * max(len(line), 1)


def display_titles(**texts: str) -> dict[str, str]:
    """Title, subtitle and so on as one harmless line each, at most 500 characters; what is empty stays empty."""
    return {name: display_text(text, most=MAX_TITLE_CHARACTERS) if text else "" for name, text in texts.items()}
