"""The model package and its compiled plan: what is served, judged and proved."""
