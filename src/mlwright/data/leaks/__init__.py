"""Leaks: what tells a model in training that it will not be told when it is asked."""
