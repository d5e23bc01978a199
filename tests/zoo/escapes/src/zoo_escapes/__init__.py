"""Tries to leave its process by other programs."""
