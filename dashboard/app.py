"""Attendome: what transformers attend to, in text and in DNA. Start it with `make run`."""

import streamlit as st

from components.messages import explained_errors
from components.style import PAGE_CSS
from core.settings import ASSETS

st.set_page_config(page_title="Attendome", page_icon=str(ASSETS / "images" / "icon.png"), layout="wide")

PAGES = [
    st.Page("views/home.py", title="Home", icon=":material/home:", default=True),
    st.Page("views/attention.py", title="Attention", icon=":material/grid_on:", url_path="attention"),
    st.Page("views/tracks.py", title="Enformer tracks", icon=":material/genetics:", url_path="tracks"),
    st.Page("views/contributions.py", title="Contributions", icon=":material/match_case:", url_path="contributions"),
    st.Page("views/variants.py", title="Variants", icon=":material/change_history:", url_path="variants"),
    st.Page("views/playground.py", title="The playground", icon=":material/toys:", url_path="playground"),
]

page = st.navigation(PAGES, position="top")
st.html(PAGE_CSS)
with explained_errors():
    page.run()
