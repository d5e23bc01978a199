"""A rule pack that finds one of each, with every field of its types."""

from __future__ import annotations

from xianban_eldercare.hookspecs import (
    AlertKind,
    Because,
    Case,
    Clear,
    Computed,
    Judged,
    Live,
    Raise,
    Severity,
    hookimpl,
)

ID = "MATRIX_ID"


class Pack:
    id = ID
    version = "1"
    names = {"zh-CN": "矩阵", "en": "Matrix"}  # noqa: RUF012
    needs = frozenset({"heart-rate", "text"})
    needs_motion = True
    alerts = (AlertKind(ID, frozenset(Severity)),)
    computes = frozenset({"news2"})
    package = "xianban_eldercare"

    def judge(self, case: Case) -> Judged:
        worst = max(Severity)
        live = [one for one in case.readings if isinstance(one, Live)]
        params = {"n": str(len(live)), "history": str(case.is_history(case.now))}
        return Judged(
            case.state + "1",
            (
                Raise(ID, case.now, worst, (Because(f"alert-{ID}", params),)),
                Clear(ID, case.now),
                Computed("news2", 1.5, case.now),
            ),
        )


@hookimpl
def register_rule_pack() -> list[Pack]:
    return [Pack()]
