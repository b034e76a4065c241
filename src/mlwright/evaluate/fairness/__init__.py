"""How a model and its labels treat groups, and what treating them more alike would cost."""
