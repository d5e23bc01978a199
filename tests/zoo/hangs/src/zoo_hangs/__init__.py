"""Loops for ever."""
