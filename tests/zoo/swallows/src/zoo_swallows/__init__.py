"""Catches even its own cancellation."""
