"""Each finding about a model told in words and tables, one a file."""
