"""Looks like another vendor's."""
