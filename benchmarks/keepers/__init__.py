"""Other tools that keep versions of a table, each run in an environment of its own."""
