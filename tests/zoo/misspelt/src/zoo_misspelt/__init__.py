"""Implements a hook that there is not."""
