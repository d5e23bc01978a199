"""A load client in its own process: threads that call, one call at a time each.

``python -m bench.client grpc|http TARGET KIND`` reads the token from standard input and prints
what it did as JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable

import grpc
from xianban_sdk.demo import person_id

from bench.work import KINDS, METHODS, PATHS, Reservations, message

Call = Callable[[], None]
SERVICE = "/xianban.parking.v1.ParkingService/"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def grpc_caller(target: str, kind: str, token: str, seed: str) -> Call:
    channel = grpc.insecure_channel(target, options=(("grpc.use_local_subchannel_pool", 1),))
    send = channel.unary_unary(SERVICE + METHODS[kind])
    headers = (("authorization", f"Bearer {token}"), ("traceparent", TRACE))
    wishes = Reservations(person_id("resident"), seed)
    fixed = message(kind, wishes).SerializeToString()

    def call() -> None:
        body = message(kind, wishes).SerializeToString() if kind == "reserve" else fixed
        send(body, timeout=10, metadata=headers)

    return call


def http_caller(target: str, kind: str, token: str, seed: str) -> Call:
    # The gateway bounds what one address may ask per second: each thread is somebody else.
    host = f"127.0.1.{1 + int(seed.split('-')[1])}"
    connection = http.client.HTTPConnection(target, timeout=10, source_address=(host, 0))
    wishes = Reservations(person_id("resident"), seed)
    path = PATHS[kind].format(resident=wishes.resident)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "traceparent": TRACE,
    }

    def call() -> None:
        if kind == "reserve":
            connection.request("POST", path, json.dumps(wishes.wish()).encode(), headers)
        else:
            connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{answer.status}: {body[:300]!r}")

    return call


def load(make: Callable[[str], Call], threads: int, seconds: float) -> dict[str, object]:
    """Every thread calls until the time is over; the first call of each is not counted."""
    milliseconds: list[float] = []
    errors: list[str] = []
    barrier = threading.Barrier(threads + 1)

    def work(number: int) -> None:
        call = make(f"{os.getpid()}-{number}")
        call()
        barrier.wait()
        while time.perf_counter() < end[0]:
            begin = time.perf_counter()
            try:
                call()
            except Exception as error:
                errors.append(repr(error)[:300])
                continue
            milliseconds.append((time.perf_counter() - begin) * 1000)

    end = [0.0]
    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    end[0] = time.perf_counter() + 3600
    # The parent reads the servers' CPU clocks between these two lines.
    while barrier.n_waiting < threads:
        time.sleep(0.005)
    print("warm", flush=True)
    sys.stdin.readline()
    begin = time.perf_counter()
    end[0] = begin + seconds
    barrier.wait()
    for worker in workers:
        worker.join()
    milliseconds.sort()
    return {
        "calls": len(milliseconds),
        "seconds": time.perf_counter() - begin,
        "p50_ms": statistics.median(milliseconds) if milliseconds else None,
        "p99_ms": milliseconds[int(len(milliseconds) * 0.99)] if milliseconds else None,
        "errors": errors[:3],
        "failed": len(errors),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=("grpc", "http"))
    parser.add_argument("target")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=1.5)
    asked = parser.parse_args()
    token = sys.stdin.readline().strip()
    caller = grpc_caller if asked.transport == "grpc" else http_caller
    done = load(
        lambda seed: caller(asked.target, asked.kind, token, seed), asked.threads, asked.seconds
    )
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
