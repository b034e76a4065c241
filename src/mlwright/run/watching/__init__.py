"""What a step takes in that is no input: watched while it runs, and told by line."""
