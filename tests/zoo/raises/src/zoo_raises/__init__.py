"""Raises at each call."""
