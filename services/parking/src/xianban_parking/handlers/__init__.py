"""Use cases of the parking service: load, ask the domain, save. The SDK commits."""
