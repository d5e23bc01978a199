"""What a plugin's process finds around it: a scratch directory, its settings, files handed in."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import sysconfig
import tempfile
import weakref
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from xianban_sdk.plugins.isolation.declared import secrets_of, variables_of
from xianban_sdk.plugins.manifest import Manifest
from xianban_sdk.settings import Settings

__all__ = ["Room", "environment_of"]

# Of systemd's range for users that exist while something runs; one of its own per plugin, so that
# limits by user count for it alone.
_FIRST_USER, _USERS = 61_184, 4_336
_PREFIX: Final = "xianban-plugin-"
# Settings that are no secret of the suite.
_SHARED: Final = ("demo", "issuer", "gateway", "district")


class Room:
    """Made for one plugin; `scratch` is all that it can write to. ``close()`` takes it away."""

    def __init__(self, manifest: Manifest, settings: Settings, code: Sequence[Path]) -> None:
        self.why_no_user = _why_no_user(code)
        own = _FIRST_USER + zlib.crc32(manifest.id.encode()) % _USERS
        self.uid = 0 if self.why_no_user else own
        _forget_the_dead()
        self._root = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        # Others may pass to what is theirs, and see nothing on the way.
        self._root.chmod(0o711)
        self.close = weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        self.scratch = self._made("scratch", 0o700)
        self.files = self._made("files", 0o500)
        self.data = self._made("data", 0o500)
        # Counted in one step: calls at the same time must not be handed each other's file.
        self._numbers = itertools.count(1)
        self._furnish(manifest, settings)

    def hand_in(self, file: Path) -> Path:
        """A copy that the plugin can read: what is changed there is changed for nobody else."""
        copy = self.files / f"{next(self._numbers)}{file.suffix}"
        shutil.copyfile(file, copy)
        self._give(copy, 0o400)
        return copy

    def take_back(self, copy: Path) -> None:
        """The copy goes."""
        copy.unlink(missing_ok=True)

    def sweep(self) -> None:
        """What an ended process left in its scratch directory goes."""
        for left in self.scratch.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)

    def _furnish(self, manifest: Manifest, settings: Settings) -> None:
        own = Path("plugins", f"{manifest.id}.toml")
        if (settings.data / own).is_file():
            (self.data / "plugins").mkdir()
            shutil.copyfile(settings.data / own, self.data / own)
            self._give(self.data / own, 0o400)
            self._give(self.data / "plugins", 0o500)

    def _made(self, name: str, mode: int) -> Path:
        path = self._root / name
        path.mkdir()
        self._give(path, mode)
        return path

    def _give(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if self.uid:
            os.chown(path, self.uid, self.uid)


def _forget_the_dead() -> None:
    """Rooms of hosts that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        host = left.name.removeprefix(_PREFIX).partition("-")[0]
        # Services that start together tidy up together: another one may have been quicker.
        with suppress(FileNotFoundError):
            if left.lstat().st_uid == os.geteuid() and not Path("/proc", host).exists():
                shutil.rmtree(left, ignore_errors=True)


def _why_no_user(code: Sequence[Path]) -> str:
    """Why the plugin can't have a user of its own; "" when it can."""
    if os.geteuid() != 0:
        return "only root can give a plugin a user of its own"
    places = (*map(Path, map(sysconfig.get_path, ("stdlib", "purelib"))), *code)
    closed = next((place for place in places if not _open_to_all(place)), None)
    return f"other users can't read {closed}" if closed else ""


def _open_to_all(place: Path) -> bool:
    whole = place.resolve()
    passable = all(above.stat().st_mode & stat.S_IXOTH for above in whole.parents)
    return passable and bool(whole.stat().st_mode & stat.S_IROTH)


def environment_of(manifest: Manifest, settings: Settings, room: Room) -> dict[str, str]:
    """Nothing of ours goes in but what the plugin needs to find itself as in process."""
    shared = {f"XIANBAN_{name.upper()}": _text(getattr(settings, name)) for name in _SHARED}
    return {
        **shared,
        **variables_of(manifest),
        **secrets_of(manifest, settings),
        "XIANBAN_DATA": str(room.data),
        "XIANBAN_RUN": str(room.scratch),
        "HOME": str(room.scratch),
        "TMPDIR": str(room.scratch),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Each thread's own heap would count against the limit of memory by what it might hold.
        "MALLOC_ARENA_MAX": "1",
    }


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
