"""Implements a hook that its manifest does not name."""
