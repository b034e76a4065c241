"""The user's code as it stands: a repository's state, kept and restored."""
