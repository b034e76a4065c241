"""A step as its author writes it: options, edges, variants, and what it is called with."""
