"""Calls home though it declares no host."""
