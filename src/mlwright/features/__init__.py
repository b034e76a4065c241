"""Feature steps, fitted on training rows only, the same for a table and a row."""
