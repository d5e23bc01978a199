"""Replays a city's real occupancy history as the live counts of the demo district's lots."""
