"""The results as tables for people, and as the Markdown rows of docs/operations/performance.md."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

NAMES = {
    "direct": "direct gRPC (Unix socket)",
    "gateway": "through the gateway (JSON)",
    "peer": "FastAPI + SQLAlchemy async ORM",
    "bare": "bare grpcio handler",
}
# Each column's figure: whose, and which.
COLUMNS = (
    ("direct µs", "direct", "cpu_us"),
    ("gateway µs", "gateway", "cpu_us"),
    ("Envoy µs", "gateway", "envoy_cpu_us"),
    ("left behind µs", "gateway", "behind_us"),
    ("peer µs", "peer", "cpu_us"),
    ("bare µs", "bare", "cpu_us"),
)
RATIOS = (
    ("peer ÷ gateway", "peer/gateway"),
    ("… left behind counted in", "peer/(gateway+behind)"),
    ("… Envoy too", "peer/(gateway+behind+envoy)"),
    ("direct ÷ bare", "direct/bare"),
    ("… left behind counted in", "(direct+behind)/bare"),
)


def show(found: dict[str, Any]) -> None:
    """Prints everything."""
    console = Console(width=120)
    about = found["about"]
    console.print(
        f"[bold]xianban bench[/] {about['at']} · Python {about['python']} · {about['cpus']} CPUs · "
        f"load {about['load_before']:.1f}"
    )
    _plugins(console, found["plugins"])
    for name, told in found["on"].items():
        console.rule(name)
        _show(console, told)
    print("\n" + "\n".join(markdown(found)))


def markdown(found: dict[str, Any]) -> list[str]:
    """The tables of the page, ready to be pasted."""
    return [*_compared(found["on"]), "", *_beside(found["on"])]


def _compared(on: dict[str, Any]) -> list[str]:
    heads = [
        "on",
        "call",
        *(title for title, _, _ in COLUMNS),
        *(title for title, _ in RATIOS),
    ]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for name, told in on.items():
        for kind, call in told["compared"]["calls"].items():
            figures = [f"{call[who][what]['median']:,.0f}" for _, who, what in COLUMNS]
            ratios = [_ratio(call["ratios_of_cpu"][key]) for _, key in RATIOS]
            lines.append(_row([name, kind, *figures, *ratios]))
    return lines


def _beside(on: dict[str, Any]) -> list[str]:
    """Layers, events, start and memory: one column per database."""
    lines = [_row(["", *on]), _row(["---"] * (len(on) + 1))]
    for title, group in (("µs: ", "layers_us"), ("events/s: ", "events_per_s")):
        names = dict.fromkeys(name for told in on.values() for name in told[group])
        for each in names:
            # A ratio among the layers is no time.
            what = each if "÷" in each else title + each
            lines.append(_row([what, *(_number(told[group].get(each)) for told in on.values())]))
    for size in dict.fromkeys(size for told in on.values() for size in told["ingest"]):
        cells = (_ingested(told["ingest"][size]) for told in on.values())
        lines.append(_row([f"readings, {size}: per s; CPU µs; alarm p50, p99 ms", *cells]))
    for rate in dict.fromkeys(rate for told in on.values() for rate in told["wristbands"]):
        cells = (_kept_up(told["wristbands"][rate]) for told in on.values())
        lines.append(_row([f"MQTT, {rate}: stored per s; behind s; cores", *cells]))
    for by in ("phone", "wristband"):
        cells = (_called(told["overload"][by]) for told in on.values())
        lines.append(
            _row([f"calls for help by {by}: made; accepted; told in 2 s; longest s", *cells])
        )
    starts = [told["start"] for told in on.values()]
    lines.append(_row(["start s: first / again", *(_start(each) for each in starts)]))
    lines.append(_row(["PSS MB: services / portal / Envoy", *(_memory(e) for e in starts)]))
    idle = [told["compared"]["idle_cpu_share"]["direct"] for told in on.values()]
    lines.append(_row(["idle share of a core", *(f"{100 * share:.1f} %" for share in idle)]))
    return lines


def _plugins(console: Console, told: dict[str, Any]) -> None:
    called = Table(title="plugins, one call", title_justify="left")
    for heading in ("", "CPU µs", "waited µs"):
        called.add_column(heading, justify="right" if heading else "left")
    for name, one in told["called"].items():
        if "cpu_us" in one:
            called.add_row(name, f"{one['cpu_us']:.0f}", f"{one['waited_us']:.0f}")
    console.print(called)
    for name in ("start ms", "restart ms"):
        print(f"  {name}: {told['called'][name]['waited_ms']:.0f}")
    zoo = Table(title="a good plugin beside a bad one", title_justify="left")
    for heading in ("", "quiet p99 µs", "p99 µs", "ratio", "CPU ratio", "host grew MB"):
        zoo.add_column(heading, justify="right" if heading else "left")
    beside = dict(told["beside_the_zoo"])
    verdict = beside.pop("verdict")
    for name, one in beside.items():
        keys = ("quiet_p99_us", "p99_us", "ratio", "cpu_ratio", "grown_mb")
        zoo.add_row(name, *(str(one[key]) for key in keys))
    console.print(zoo)
    print(f"  {verdict}")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _ratio(told: dict[str, float]) -> str:
    return f"**{told['median']:.2f} ×** ({told['min']:.2f} … {told['max']:.2f})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"


def _ingested(told: dict[str, float]) -> str:
    names = ("readings per s", "cpu us per reading", "alarm p50 ms", "alarm p99 ms")
    rate, cpu, half, most = (told[name] for name in names)
    return f"{rate:,.0f}; {cpu:.0f}; {half:.0f}, {most:.0f}"


def _kept_up(told: dict[str, Any]) -> str:
    cores = ", ".join(f"{name} {share}" for name, share in told["cores"].items())
    return f"{told['stored per s']:,}; {told['behind s']}; {cores}"


def _called(told: dict[str, Any]) -> str:
    longest = told["told s, longest"]
    return f"{told['calls']}; {told['accepted']}; {told['told within 2 s']}; {longest}"


def _start(told: dict[str, Any]) -> str:
    return f"{told['first_s']} / {told['second_s']}"


def _memory(told: dict[str, Any]) -> str:
    return " / ".join(f"{value:.0f}" for value in told["memory_mb"].values())


def _show(console: Console, told: dict[str, Any]) -> None:
    for kind, call in told["compared"]["calls"].items():
        console.print(_calls(kind, call))
        for pair, ratio in call["ratios_of_cpu"].items():
            print(
                f"  {pair:30} {ratio['median']:5.2f} ×   ({ratio['min']:.2f} … {ratio['max']:.2f})"
            )


def _calls(kind: str, told: dict[str, Any]) -> Table:
    table = Table(title=kind, title_justify="left")
    headings = ("", "CPU µs/call", "(spread)", "left behind", "Envoy", "database", "calls/s")
    for heading in (*headings, "p50 ms", "p99 ms"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, label in NAMES.items():
        one = told[name]
        cpu = one["cpu_us"]
        median = {figure: one[figure]["median"] for figure in one}
        table.add_row(
            label,
            f"{cpu['median']:.0f}",
            f"{cpu['min']:.0f}–{cpu['max']:.0f}",
            f"{median['behind_us']:.0f}",
            f"{median['envoy_cpu_us']:.0f}" if name == "gateway" else "",
            f"{median['database_cpu_us']:.0f}" if median["database_cpu_us"] else "",
            f"{median['calls_per_s']:.0f}",
            f"{median['p50_ms']:.1f}",
            f"{median['p99_ms']:.1f}",
        )
    return table
