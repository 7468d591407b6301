"""Parts of the Enformer tracks page."""
