"""The ways in which rows are changed, one a file; each keeps every column's kind."""
