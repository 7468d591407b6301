"""Modules that keep a name for the settings, imported before any test puts other settings in their place."""

from functools import cache

from streamlit.components.v2 import manifest_scanner

# A third of a second for each page that is opened: the installed packages do not change while tests run.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
