"""Answers texts that a page must not take at their word."""
