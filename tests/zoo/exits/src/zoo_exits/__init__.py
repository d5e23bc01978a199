"""Ends its process without a word."""
