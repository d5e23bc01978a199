"""Sensors of a home: smoke, gas, door, motion, water."""
