"""Devices that nobody wears: the demo's calm days, and the scenarios of `xianban simulate`.

They speak as any device does, so that what is seen of them has gone the whole way.
"""
