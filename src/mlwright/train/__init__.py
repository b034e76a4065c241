"""From prepared rows to a fitted model: algorithms, the work plan, the search."""
