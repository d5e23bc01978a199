"""What matrix-0-1-sensing brings to sensing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from xianban_sensing.hookspecs import DeviceAdapter, Happened, Measured, Promise, Rejected, hookimpl

__all__ = ["Matrix01SensingDeviceAdapter", "register_device_adapter"]


class Matrix01SensingDeviceAdapter:
    """How one model speaks."""

    # Lower case letters, digits and hyphens, e.g. "json-wristband".
    model: str = "matrix-0-1-sensing"
    # By locale.
    names: Mapping[str, str] = {
        "zh-CN": "Matrix 0 1 sensing",
        "en": "Matrix 0 1 sensing",
    }
    promises: Sequence[Promise] = ()
    # Whether a wearer can be told something.
    has_display: bool = False

    def parse(self, payload: bytes, now: datetime) -> Iterator[Measured | Happened | Rejected]:
        """Reads one uplink message; ValueError: it is no message of this model at all."""
        return iter(())

    def render(self, command: str, text: str, event: str = "") -> bytes:
        """The downlink message that tells the wearer `text`, e.g. for command "acknowledged".

        `event` is the device's own id of what is answered, e.g. of one press, made from its
        counter ("sos-17") where it gave none; "": nothing of this device. An adapter may leave
        this parameter out, as with hooks."""
        raise NotImplementedError("render is not written yet")


@hookimpl
def register_device_adapter() -> list[DeviceAdapter]:
    """Brings the models that this plugin can read."""
    return [Matrix01SensingDeviceAdapter()]
