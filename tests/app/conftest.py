"""Modules that keep a name for the settings, imported before any test puts other settings in their place."""

import dashboard.tracks.browse  # noqa: F401
import dashboard.tracks.files  # noqa: F401
import dashboard.tracks.names  # noqa: F401
import dashboard.tracks.start  # noqa: F401
