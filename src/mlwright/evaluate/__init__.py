"""Honest judgement on rows the model never saw."""
