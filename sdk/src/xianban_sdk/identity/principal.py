"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANONYMOUS", "Principal"]

# The actor written down for calls without a token.
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """The person, or the workload, that a verified token names.

    ``actor`` is who logged in, never whose data it is. ``workload`` names the calling process when
    a workload token came along; for a call without a person, actor is ``workload:<name>``.
    """

    actor: str
    client: str = ""
    acr: int = 0
    amr: tuple[str, ...] = ()
    district: str = ""
    session: str = ""
    level: int = 0
    workload: str | None = None
    expires: float = 0.0

    @property
    def is_workload(self) -> bool:
        """True when no person stands behind the call."""
        return self.actor.startswith("workload:")
