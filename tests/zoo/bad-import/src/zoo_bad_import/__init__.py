"""Needs what is not installed."""
