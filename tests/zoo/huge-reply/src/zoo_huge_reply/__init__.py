"""Answers 50 MB."""
