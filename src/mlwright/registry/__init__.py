"""Versions, roles and gates of named models."""
