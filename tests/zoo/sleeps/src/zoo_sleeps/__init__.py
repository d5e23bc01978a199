"""Sleeps where no Python code can be interrupted."""
