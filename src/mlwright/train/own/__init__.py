"""Models of the user's own: described, fitted and asked in processes apart from ours."""
