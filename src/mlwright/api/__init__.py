"""The Python handles: a project and one handle per noun."""
