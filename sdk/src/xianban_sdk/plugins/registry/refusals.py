"""What is wrong with an archive, a signature or an index, in the reader's language."""

from __future__ import annotations

from xianban_sdk.plugins.complaints import Complaint
from xianban_sdk.plugins.manifest import PluginRefused

__all__ = ["RegistryRefused"]


class RegistryRefused(PluginRefused):
    """Nothing is installed, published or signed of it."""

    def __init__(self, key: str, field: str = "", **params: str) -> None:
        self.complaint = Complaint(field, key, params)
        super().__init__(self.complaint.text("en"))
