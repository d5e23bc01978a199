"""What runs in a plugin's own process, and the language that it shares with its host.

Nothing here imports the rest of the SDK: a plugin's process starts in a fraction of a second and
holds no code that could reach the suite.
"""
