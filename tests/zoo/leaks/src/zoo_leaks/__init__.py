"""Keeps ever more memory."""
