"""Other ways to conduct steps, each in an environment of its own."""
