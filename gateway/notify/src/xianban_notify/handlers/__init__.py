"""Use cases of the message centre: load, ask the domain, save. The SDK commits."""
