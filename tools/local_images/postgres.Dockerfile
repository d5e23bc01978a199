# PostgreSQL from Debian, used as the official image is: PGDATA, POSTGRES_USER, _DB, _PASSWORD_FILE.
FROM xianban-debian:local
# hadolint ignore=DL3008 # the suite of the base says which
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/* /etc/postgresql/* \
    && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ \
    && install -d -o postgres -g postgres -m 700 /var/lib/postgresql/data
# A tmpfs is mounted there and keeps the mode.
RUN chmod 1777 /run/postgresql
COPY --chmod=755 postgres.sh /usr/local/bin/postgres-entrypoint
ENV PGDATA=/var/lib/postgresql/data
USER postgres
ENTRYPOINT ["postgres-entrypoint"]
CMD ["postgres"]
