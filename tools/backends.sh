#!/usr/bin/env bash
# Starts or stops PostgreSQL and RabbitMQ for tests and for `xianban up --database … --broker …`.
# With a Docker engine and images: those two of compose.yaml. Without: Debian's packages, as private instances on loopback
# that touch no instance of the system's. Prints the URLs to use.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
home=${XIANBAN_BACKENDS:-${TMPDIR:-/tmp}/xianban-backends-$(id -u)}
pg_port=${XIANBAN_PG_PORT:-15433}
mq_port=${XIANBAN_MQ_PORT:-5673}
# Virtual hosts for pytest-xdist's workers, by its own names.
workers="gw0 gw1 gw2 gw3"
site=$home/site

# Debian's servers refuse to run as root: each then runs as its package's own user.
as() { if [ "$(id -u)" = 0 ]; then su "$1" -s /bin/bash -c "$2"; else bash -c "$2"; fi; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
await() { for _ in $(seq 120); do listens "$1" && return; sleep 0.5; done; echo "nothing listens on port $1" >&2; exit 1; }

install_packages() {
  local missing=()
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
  # Tests start a Mosquitto each for themselves: its users are theirs.
  [ -x /usr/sbin/mosquitto ] || missing+=(mosquitto)
  [ ${#missing[@]} = 0 ] && return
  if [ "$(id -u)" != 0 ]; then echo "install first: apt-get install ${missing[*]}" >&2; exit 1; fi
  # The packages' own services stay off: ours are private instances.
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  rm -f /usr/sbin/policy-rc.d
}

start_postgres() {
  local bin dir=$home/pg
  bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
  mkdir -p "$dir"; [ "$(id -u)" = 0 ] && chown postgres "$dir"
  [ -d "$dir/data" ] || as postgres "$bin/initdb -D $dir/data -A trust -E UTF8 --locale=C.UTF-8 -U xianban" >/dev/null
  listens "$pg_port" || as postgres "$bin/pg_ctl -D $dir/data -l $dir/log -w -o '-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=300' start" >/dev/null
  "$bin/psql" -h 127.0.0.1 -p "$pg_port" -U xianban -d postgres -Atc "select 1 from pg_database where datname = 'xianban'" | grep -q 1 ||
    "$bin/createdb" -h 127.0.0.1 -p "$pg_port" -U xianban xianban
}

rabbit_environment() {
  local dir=$home/mq
  cat <<EOF
export RABBITMQ_NODENAME=xianban-$mq_port@localhost RABBITMQ_MNESIA_BASE=$dir/mnesia RABBITMQ_LOG_BASE=$dir/log
export RABBITMQ_CONFIG_FILE=$dir/rabbitmq RABBITMQ_ENABLED_PLUGINS_FILE=$dir/enabled_plugins RABBITMQ_PID_FILE=$dir/pid
export RABBITMQ_DIST_PORT=$((mq_port + 20000)) ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$((mq_port + 10000)) HOME=$dir/home
EOF
}

start_rabbit() {
  local dir=$home/mq
  mkdir -p "$dir/mnesia" "$dir/log" "$dir/home"
  printf 'listeners.tcp.default = 127.0.0.1:%s\nvm_memory_high_watermark.relative = 0.3\ndisk_free_limit.absolute = 50MB\n' "$mq_port" > "$dir/rabbitmq.conf"
  rabbit_environment > "$dir/environment"
  [ "$(id -u)" = 0 ] && chown -R rabbitmq "$dir"
  listens "$mq_port" || as rabbitmq ". $dir/environment; cd $dir; setsid nohup /usr/lib/rabbitmq/bin/rabbitmq-server > $dir/out 2>&1 < /dev/null &"
  await "$mq_port"
  [ "$(cat "$dir/workers" 2>/dev/null)" = "$workers" ] && return
  worker_hosts guest | as rabbitmq ". $dir/environment; cd $dir; /usr/lib/rabbitmq/bin/rabbitmqctl -q import_definitions --format json" >/dev/null
  echo "$workers" > "$dir/workers"
}

worker_hosts() { # user
  local hosts= rights= worker
  for worker in $workers; do
    hosts+="{\"name\":\"$worker\"},"
    rights+="{\"user\":\"$1\",\"vhost\":\"$worker\",\"configure\":\".*\",\"write\":\".*\",\"read\":\".*\"},"
  done
  echo "{\"vhosts\":[${hosts%,}],\"permissions\":[${rights%,}]}"
}

# The project's compose.yaml, with a site of passwords alone, and ports on this machine.
compose() {
  local files=(-f "$here/compose.yaml" -f "$here/compose.tests.yaml")
  docker image inspect xianban-postgres:local >/dev/null 2>&1 && files+=(-f "$here/compose.local.yaml")
  XIANBAN_SITE=$site XIANBAN_ISSUER=none XIANBAN_PG_PORT=$pg_port XIANBAN_MQ_PORT=$mq_port \
    docker compose --env-file /dev/null -p "xianban-backends-$(id -u)-$pg_port" "${files[@]}" "$@"
}
composed() { [ -s "$site/broker.url" ] && docker info >/dev/null 2>&1 && compose ps -q postgres 2>/dev/null | grep -q .; }
start_composed() {
  docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1 || return 1
  XIANBAN_SITE=$site XIANBAN_ENV=/dev/null "$here/tools/site.sh" --stores >/dev/null
  # Where no registry is reached and no image was made here, the packages do.
  compose up -d --wait --quiet-pull postgres rabbitmq >&2 || { compose down >&2; return 1; }
  # By a file: read from a pipe, rabbitmqctl 4.0 waits for ever in a container.
  compose exec -T rabbitmq bash -c 'printf %s "$1" > /tmp/workers.json && rabbitmqctl -q import_definitions /tmp/workers.json' \
    - "$(worker_hosts xianban)" >/dev/null </dev/null
}

start() {
  if ! start_composed; then
    install_packages
    chmod 755 "$(mkdir -p "$home" && echo "$home")"
    start_postgres
    start_rabbit
  fi
  urls
}

restart_broker() {
  if composed; then compose restart rabbitmq; return; fi
  stop_rabbit
  for _ in $(seq 120); do listens "$mq_port" || break; sleep 0.5; done
  start_rabbit
}

stop_rabbit() {
  # rabbitmqctl would wait for ever for a node that is down.
  listens "$mq_port" && [ -f "$home/mq/environment" ] && as rabbitmq ". $home/mq/environment; cd $home/mq; /usr/lib/rabbitmq/bin/rabbitmqctl -q stop $home/mq/pid" || true
}

stop() {
  if composed; then compose down; return; fi
  local bin; bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [ -d "$home/pg/data" ] && as postgres "$bin/pg_ctl -D $home/pg/data -m fast stop" >/dev/null || true
  stop_rabbit
}

urls() {
  local database=postgresql+psycopg://xianban@127.0.0.1:$pg_port/xianban broker=amqp://guest:guest@127.0.0.1:$mq_port//
  if composed; then
    database=$(sed "s/@postgres:5432/@127.0.0.1:$pg_port/" "$site/database.url")
    broker=$(sed "s/@rabbitmq:5672/@127.0.0.1:$mq_port/" "$site/broker.url")
  fi
  printf 'XIANBAN_TEST_DATABASE=%s\nXIANBAN_TEST_BROKER=%s\n' "$database" "$broker"
}

case ${1:-start} in
  start) start ;;
  stop) stop ;;
  restart-broker) restart_broker ;;
  urls) urls ;;
  *) echo "usage: $0 [start|stop|restart-broker|urls]" >&2; exit 2 ;;
esac
