"""Settings of every test run."""

from hypothesis import HealthCheck, settings

# Timing is never asserted: a busy machine must not fail a property.
settings.register_profile("xianban", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("xianban")
