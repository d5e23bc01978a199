"""Names that the elder care tests share."""

from __future__ import annotations

from xianban_sdk.demo import person_id

ELDER = f"residents/{person_id('elder')}"
# The elder's own area, and another one.
HERE, ELSEWHERE = "310120/nanqiao", "310120/fengpu"
