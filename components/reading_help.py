"""How to read each picture, what the model is, and what the words mean."""

from __future__ import annotations

import streamlit as st

from components.messages import plain
from core.cards import ModelCard

START_TOKEN = {
    "cross": "- **A row is the token being written**: the decoder has read everything before it and now looks at the "
    "source to choose it. The last row writes the end.\n",
    "decoder": "- The first row is the start token, which the decoder reads before it has written anything; each row "
    "helps to choose the *next* token.\n",
}
NOT_AN_EXPLANATION = (
    "- **Attention is not explanation.** It shows where information may flow from, not why the model answers as it "
    "does: other weights can give the same answer (Jain and Wallace 2019), though weights are not arbitrary either "
    "(Wiegreffe and Pinter 2019). To test a head, switch it off and see what changes.\n"
)
HEAD_HELP = (
    "- **A row is one token that looks** (a query); its colours say how its attention is shared out over the tokens "
    "it looks at (keys). Each row of weights sums to 1; rows of norms, and of a maximum over heads, do not.\n"
    "- **Point at a row** to see it on the sentence below the map; click to keep it, Esc to let go. Drag a box to "
    "zoom in.\n"
    "- **Hatched cells are masked**: the model is not allowed to look there. That is not a weight of 0.\n"
    "- **Many rows love the first token**, or [CLS] and [SEP]. Every row must sum to 1, so a head with nothing to say "
    "rests its weight where it does no harm (an attention sink). “Hide the sink” shows the rest.\n"
    "- A “·” is a space that belongs to its token; a word may be cut into several tokens. ⟨f0⟩⟨9f⟩ are "
    "bytes of one rare character, such as an emoji.\n"
)
GRID_HELP = (
    "- Each small picture is one head: **rows look, columns are looked at**, as in the large map. Layer 0 is next to "
    "the words.\n"
    "- A diagonal: looks at itself or a neighbour. A bright left column: rests on the first token. Stripes: everybody "
    "looks at the same few tokens. Blocks: words that belong together.\n"
    "- With “each its own” colours, every head uses the whole scale, so a faint head looks as bright as a sharp one; "
    "choose “shared” to compare strengths.\n"
    "- Small pictures keep the largest weight of each block, so a single spike is never lost.\n"
)
COMPARE_HELP = (
    "- **A row is one token that looks**; colours say by how much its attention to each token changed from the first "
    "to the second. What one token of a row wins, others lose (but for norms, maxima, and words without a partner).\n"
    "- Words are matched by spelling and place; “tired / wide” is one place with two words. Hatched cells have no "
    "partner in the other sentence.\n"
    "- A small change of weight is not a change of meaning. Look for changes that many heads share.\n"
)
TOOL_HELP = {
    "find": "A bar is one head's score on the tokens above; the mark is what a head would get that looks evenly at all "
    "it may look at. A high score says what a head looks at, not what it is for: check with “Switch heads off”.",
    "off": "The head's output is set to 0 in one run, as if it had nothing to say; all else stays. A large change "
    "means that the model uses this head here. No change means that it does not, or that others take over.",
    "next": "Softmax over the whole vocabulary, the ten most probable tokens. A “·” is a space before the word, “⏎” a "
    "line end. A row of the map that is kept asks what follows that token.",
    "lens": "Each row sends the state after one layer straight to the output. It shows when the model settles on its "
    "answer; early layers do not yet speak the output's language, so their words can be odd.",
}
HELP = {"head": HEAD_HELP, "depths": HEAD_HELP, "heads": GRID_HELP, "compare": COMPARE_HELP}
GLOSSARY = {
    "token": "a piece of text with a number in the model's vocabulary: a word, a part of one, or a mark",
    "query, key, value": "three vectors made from each token: what it asks for, what it offers to be found by, and "
    "what it hands over when it is looked at",
    "attention weight": "softmax of query · key / √(head size): the share of its attention that a token gives another",
    "head": "one set of queries, keys and values; a layer has several, side by side",
    "mask": "places where looking is forbidden, such as the future in a GPT",
    "sink": "a token that takes the weight of heads with nothing to say",
    "value norm": "weight × length of the value after the output matrix: how much is really moved (Kobayashi 2020); "
    "for words the lengths of their pieces are summed, the most that they can move together",
    "total variation": "half the sum of all differences between two rows, mean over rows: 0 is the same, 1 has "
    "nothing in common",
    "rollout": "attention of all layers so far multiplied together, half of it staying in place (Abnar 2020)",
    "induction head": "looks at what followed the same token earlier, and so can repeat it (Olsson 2022)",
    "logit lens": "what the model would say if it stopped after this layer (nostalgebraist 2020)",
    "cross-attention": "a translator's output looking at its input",
    "bits per character": "how surprised a model is by a book it never read; lower is better",
}


def render_help(tool: str) -> None:
    """A line to open under a tool's picture."""
    with st.expander("How to read this", icon=":material/help:"):
        st.markdown(TOOL_HELP[tool])


def render_reading_help(view: str, kind: str, card: ModelCard) -> None:
    """How to read the picture, the glossary, and what the model is."""
    reading, words, model = st.columns(3)
    with reading.expander("How to read this picture", icon=":material/help:"):
        st.markdown(HELP[view] + (START_TOKEN.get(kind, "") if view != "compare" else "") + NOT_AN_EXPLANATION)
    with words.expander("Words", icon=":material/menu_book:"):
        st.markdown("\n".join(f"- **{word}**: {meaning}" for word, meaning in GLOSSARY.items()))
    with model:
        render_about(card, f"reads up to {card.context:,} tokens")


def render_about(card: ModelCard, reads: str) -> None:
    """What a model is, and how far to trust it; `reads` says how much it takes at once."""
    with st.expander(f"About {plain(card.title)}", icon=":material/info:"):
        st.markdown(plain(card.summary))
        st.caption(
            plain(
                f"{card.layers} layers × {card.heads} heads · {reads} · "
                f"{card.parameters / 1e6:.1f} M parameters · {card.weights} weights {card.revision} · "
                f"{card.source} · {card.licence}"
            )
        )
        if card.facts:
            st.table({"Measured": [what for what, _ in card.facts], "Value": [value for _, value in card.facts]})
        if card.limits:
            st.markdown(f"**Limits.** {plain(card.limits)}")
