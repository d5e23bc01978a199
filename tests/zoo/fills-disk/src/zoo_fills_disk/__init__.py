"""Writes until nothing fits any more."""
