"""What to take away of one effect: files, the Python that makes it, a link."""

from __future__ import annotations

import streamlit as st

from components.effects.exports import render_exports
from components.effects.recipe import EffectRecipe, render_recipe
from components.effects.table import effect_csv
from components.links import render_link
from dashboard.variants.browse import Picture, file_stem, scene_of

LINK_SENTENCE = (
    "This link opens this page as it is: genome, variant, model, tracks, what is seen, score, part. Your own files "
    "stay yours."
)


def recipe_of(picture: Picture) -> EffectRecipe:
    """What a script has to do for what is shown."""
    ask, effect = picture.found.ask, picture.found.effect
    return EffectRecipe(
        model=ask.model.card.name,
        genome=ask.ground.name,
        variant=str(effect.changes[0]),
        head=ask.head,
        tracks=tuple(track.index for track in picture.tracks),
        reverse_complement=ask.averaging.reverse_complement,
        shifts=ask.averaging.shifts,
        truth=bool(ask.truth),
        origin=ask.origin,
    )


def render_takeaways(picture: Picture, params: dict[str, str]) -> None:
    """A line of buttons under the picture."""
    found = picture.found
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        render_exports(
            lambda: scene_of(picture, whole=True)[0],
            lambda: effect_csv(
                found.effect, found.at_genes, origin=found.ask.origin,
                true=None if found.true is None else found.true.effect,
            ),
            file_stem(picture),
        )  # fmt: skip
        render_recipe(recipe_of(picture))
        render_link(params, LINK_SENTENCE)
