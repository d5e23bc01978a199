"""Looks for secrets: files of the machine, of the suite, the environment."""
