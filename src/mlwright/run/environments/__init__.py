"""The environment a run runs in: recorded, locked, kept as wheels, built again."""
