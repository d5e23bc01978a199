# RabbitMQ from Debian, used as the official image is: settings in /etc/rabbitmq/conf.d.
FROM xianban-debian:local
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rabbitmq-server >/dev/null \
    && rm -rf /var/lib/apt/lists/* /etc/rabbitmq/* /var/lib/rabbitmq/.erlang.cookie \
    && install -d -o rabbitmq -g rabbitmq -m 755 /etc/rabbitmq/conf.d
ENV PATH=/usr/lib/rabbitmq/bin:$PATH HOME=/var/lib/rabbitmq RABBITMQ_LOGS=-
USER rabbitmq
CMD ["rabbitmq-server"]
