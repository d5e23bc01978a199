"""Use cases of sensing: load, ask the domain, save, tell. The SDK commits."""
