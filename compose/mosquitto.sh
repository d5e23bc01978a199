#!/bin/sh
# The uplink writes who may log in; Mosquitto reads it again when told, and only its own container can tell it.
set -u
folder=/var/lib/xianban/mqtt read=/tmp/read
until [ -s $folder/passwords ] && [ -s $folder/acl ]; do sleep 0.5; done
touch $read
mosquitto -c /etc/xianban/mosquitto.conf &
broker=$!
trap 'kill $broker' TERM INT
while kill -0 $broker 2>/dev/null; do
  sleep 1 &
  wait $!
  if [ $folder/passwords -nt $read ] || [ $folder/acl -nt $read ]; then
    touch $read
    kill -HUP $broker
  fi
done
wait $broker
