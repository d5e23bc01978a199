"""气象预知: weather warnings (CAP 1.2) and forecasts from a weather service."""
