"""Answers something else than the hook promises."""
