"""A page of drawings only, for the browser tests."""

import streamlit as st

from components.changes import changes_drawing
from components.drawing import render_drawing
from components.lens import lens_drawing
from components.prediction import distribution_drawing
from components.ranking import ranking_drawing

st.set_page_config(layout="wide")


def pressed(value):
    st.session_state.pressed = value
    st.session_state.times = st.session_state.get("times", 0) + 1


st.code(f"pressed {st.session_state.get('pressed')} {st.session_state.get('times', 0)}")
if st.toggle("Other"):
    before = [0.2, 0.1]
else:
    before = [0.1, 0.4]
labels = ["<script>alert(1)</script>", " walk"]
names = ("with all heads", "without L3 H1")
chosen = distribution_drawing(labels, before, [0.3, 0.2], title="Next", provenance="Toy weights", names=names)
render_drawing(chosen, key="bars")
render_drawing(
    ranking_drawing(
        [(0, 0), (3, 1)],
        [0.2, 0.9],
        ["Looks back.", "Looks at the token before, nearly always."],
        title="Heads",
        unit="share",
        provenance="Toy weights",
        baselines=[0.1, 0.1],
        file_name="ranked heads",
    ),
    key="rank",
    on_click=pressed,
)
table = changes_drawing([[0.1, 0.9], [0.4, 0.2]], title="Changes", unit="total variation", provenance="Toy weights")
render_drawing(table, key="table", on_click=pressed)
words = [[["·a", "·b"]] * 40] * 3
render_drawing(
    lens_drawing([f"·t{i}" for i in range(40)], words, [[[0.6, 0.2]] * 40] * 3, title="Lens", provenance="Toy weights"),
    key="lens",
)
