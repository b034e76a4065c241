"""Pipelines: steps connected by the names of their arguments."""
