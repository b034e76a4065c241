"""The rules of screening: one a file, all of one shape, listed in the catalogue."""
