"""Ends the thread that called it."""
