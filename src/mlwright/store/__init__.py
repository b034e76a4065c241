"""Bytes, named by their content."""
