"""Writes where it must not."""
