"""Other tools that look tables through, each run in its own virtual environment."""
