"""What searches for a model by itself, measured beside mlwright: how each is run, and on what."""
