"""Use cases of the elder care service: load, ask the domain, save. The SDK commits."""
