"""The Enformer tracks page's parts: the figure and its text alternative, the inputs, the files to take away."""
