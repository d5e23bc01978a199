"""Who looks at the elder care pages in their tests."""

from __future__ import annotations

from xianban_sdk.demo import person_id
from xianban_sdk.web import Person

ELDER = Person(person_id("elder"), "张桂芳")
DAUGHTER = Person(person_id("daughter"), "李晓梅")
DISPATCHER = Person(person_id("dispatcher"), "赵勇", frozenset({"dispatcher"}))
MANAGER = Person(person_id("admin"), "许站长", frozenset({"station-manager"}))
ASSESSOR = Person(person_id("assessor"), "沈玉兰", frozenset({"care-assessor"}))
NEIGHBOUR = Person(person_id("teacher"), "吴芳", frozenset({"neighbourhood-worker"}))
DOCTOR = Person(person_id("doctor"), "周敏", frozenset({"doctor"}))
CARER = Person(person_id("carer"), "刘芳", frozenset({"carer"}))
