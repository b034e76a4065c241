"""Predictors in their native form, one algorithm a module: a row or a matrix in, answers out."""
