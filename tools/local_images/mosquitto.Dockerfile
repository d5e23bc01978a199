# Mosquitto from Debian.
FROM xianban-debian:local
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto >/dev/null \
    && rm -rf /var/lib/apt/lists/*
USER mosquitto
CMD ["/usr/sbin/mosquitto"]
