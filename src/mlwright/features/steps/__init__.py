"""Feature steps, one a module: each is fitted on training rows and reads a table or one value."""
