"""One function per use case: load, ask the domain, save, tell."""
