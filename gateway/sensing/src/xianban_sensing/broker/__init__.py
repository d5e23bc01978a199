"""The embedded MQTT broker of a laptop; a district runs Mosquitto.

A process of its own, asyncio throughout. It speaks MQTT 3.1.1, knows devices by the same files as
Mosquitto would, and keeps nothing on disk: what a device must not lose it repeats until its
wearer's feedback has come.
"""
