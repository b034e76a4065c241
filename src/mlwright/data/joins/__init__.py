"""Joins as of a moment: no row gets a value that was not known yet."""
