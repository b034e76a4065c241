"""How a model answers when its rows are not as it knows them, and what it gives away."""
