"""Who looks at the parking pages in their tests."""

from __future__ import annotations

from xianban_sdk.demo import person_id
from xianban_sdk.web import Person

RESIDENT = Person(person_id("resident"), "张伟")
ELDER = Person(person_id("elder"), "李奶奶")
OPERATOR = Person(person_id("operator"), "陈经理", frozenset({"parking-operator"}))
AUDITOR = Person(person_id("auditor"), "审计员", frozenset({"auditor"}))
