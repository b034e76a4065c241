"""What a model goes by as a whole: which columns matter, and what it answers along each of them."""
