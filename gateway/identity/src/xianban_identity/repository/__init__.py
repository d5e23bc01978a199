"""Identity's storage: one module per kind of thing; `metadata` is what migrations create."""

from xianban_identity.repository.tables import metadata

__all__ = ["metadata"]
