"""Algorithms, one a module: each fits a matrix and writes a predictor as canonical bytes."""
