"""From the broker to the services: reads what devices publish, hands it on in batches.

A process of its own with threads only; it speaks MQTT to whatever broker there is (the embedded
one on a laptop, Mosquitto otherwise) and gRPC to the services. A message is acknowledged to the
broker only when a service has stored it, or the spool has.
"""
