"""Modules that keep a name for the settings, imported before any test puts other settings in their place."""
