"""Answers the right class with wrong values in it."""
