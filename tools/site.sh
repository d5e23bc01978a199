#!/usr/bin/env bash
# Makes what compose.yaml needs and nobody else may know: keys, certificates and passwords in a directory that
# only its owner may enter, and .env, which says where they are. What is there is kept.
#   tools/site.sh [--demo] [--local] [--issuer URL] [--renew]
# --demo: a demo district. --local: images made on this machine. --renew: certificates anew, never the keys.
# --stores: passwords of database and broker alone (tools/backends.sh).
# XIANBAN_SITE (site) and XIANBAN_ENV (.env) say where else. Needs Docker and the portal's image alone.
set -euo pipefail
cd "$(dirname "$0")/.."
site=${XIANBAN_SITE:-site} env=${XIANBAN_ENV:-.env}
demo=0 local=0 all=1 issuer= renew=()
while [ $# -gt 0 ]; do
  case $1 in
    --demo) demo=1 ;;
    --local) local=1 ;;
    --issuer) issuer=${2:?--issuer needs a URL}; shift ;;
    --renew) renew=(--renew) ;;
    --stores) all=0 ;;
    *) sed -n '2,7s/^# //p' "$0" >&2; exit 2 ;;
  esac
  shift
done
umask 077
mkdir -p "$site"/{made,keys,tls,env,rabbitmq,mosquitto,edge-tls}
site=$(cd "$site" && pwd)

image() {
  if [ "$local" = 1 ] || grep -qs '^COMPOSE_FILE=.*local' "$env"; then echo xianban-portal:local; return; fi
  local prefix tag
  prefix=$(sed -n 's/^XIANBAN_IMAGES=//p' "$env" 2>/dev/null) tag=$(sed -n 's/^XIANBAN_TAG=//p' "$env" 2>/dev/null)
  echo "${XIANBAN_IMAGES:-${prefix:-xianban-}}portal:${XIANBAN_TAG:-${tag:-0.1.0}}"
}
# Secrets of plugins beside the installation's own; a plugin without its own is set aside.
plugins=(identity-http-sms parking-sandbox-pay notify-phone notify-sms notify-webpush feed-parkapi parking-lpr public-city-eye)
secrets_of() {
  case $1 in
    edge) ;;
    # The sandbox where a demo pays is a page of the portal.
    portal) echo parking-sandbox-pay ;;
    identity) echo master identity-http-sms ;;
    notify) echo master notify-receipts notify-phone notify-sms notify-webpush ;;
    worker) echo notify-receipts notify-phone notify-sms notify-webpush ;;
    parking) echo master feed-parkapi parking-lpr parking-sandbox-pay public-city-eye ;;
    uplink) echo master mqtt-uplink ;;
    *) echo master ;;
  esac
}
keys() {
  docker run --rm --read-only --tmpfs /tmp --network none --user "$(id -u):$(id -g)" -v "$site/made:/made" \
    "$(image)" keys /made "${plugins[@]/#/--secret=}" ${renew[@]+"${renew[@]}"} >/dev/null
}
# Each process sees its own folder; identity also the public halves of the others' keys.
hand_out() {
  local one process name
  for one in "$site"/made/xianban-*-key "$site/made/xianban-worker-key"; do
    process=${one##*/xianban-}; process=${process%-key}
    mkdir -p "$site/keys/$process" "$site/tls/$process"
    if [ -d "$one" ]; then
      cp "$one"/* "$site/keys/$process/"
      cp "$site/made/xianban-$process-tls"/* "$site/tls/$process/"
    fi
    for name in $(secrets_of "$process"); do cp "$site/made/xianban-secrets/$name.secret" "$site/keys/$process/"; done
  done
  cp "$site"/made/xianban-*-key/*.pub.json "$site/keys/identity/"
}
password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
stores() {
  local secret
  if [ ! -s "$site/database.url" ]; then
    secret=$(password)
    printf %s "$secret" > "$site/postgres.password"
    printf %s "postgresql+psycopg://xianban:$secret@postgres:5432/xianban" > "$site/database.url"
  fi
  if [ ! -s "$site/broker.url" ]; then
    secret=$(password)
    printf 'default_user = xianban\ndefault_pass = %s\n' "$secret" > "$site/rabbitmq/20-xianban.conf"
    printf %s "amqp://xianban:$secret@rabbitmq:5672//" > "$site/broker.url"
  fi
  # What providers of channels and feeds need, NAME=value a line; docs/operations names them.
  touch "$site"/env/{identity,notify,parking}.env
}
settings() {
  [ -e "$env" ] && return
  {
    echo "XIANBAN_SITE=$site"
    echo "XIANBAN_ISSUER=${issuer:-http://127.0.0.1:8080}"
    echo "XIANBAN_DEMO=$demo"
    if [ "$local" = 1 ]; then echo "COMPOSE_FILE=compose.yaml:compose.local.yaml"; fi
  } > "$env"
}

[ "$all" = 0 ] || { keys; hand_out; }
stores
settings
# Containers run as other users: whoever may enter the directory may read, and only its owner may enter.
chmod -R go+rX "$site"/{keys,tls,env,rabbitmq,mosquitto,edge-tls,database.url,broker.url,postgres.password}
chmod 700 "$site" "$site/made"
echo "✓ $site: keep it safe, and back it up apart from the volumes"
echo "✓ $env: $(grep -c . "$env") settings"
