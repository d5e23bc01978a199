"""Devices and what they tell 感知接入."""
