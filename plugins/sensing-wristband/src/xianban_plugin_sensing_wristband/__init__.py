"""Wristbands that speak JSON."""
