"""The wire side of elder care: each method converts, calls one use case, converts back."""

from __future__ import annotations

from xianban_eldercare.servicer.care_files import CareFileServicer

__all__ = ["CareFileServicer"]
