"""mlwright: from a table and a question to a model in production that can answer for itself."""
