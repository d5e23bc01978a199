"""Writes protos/src from protos/xianban: Python, stubs and the descriptors the gateway reads.

Run by `make proto`; `make check` fails when the result differs from what is committed.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

HERE = Path(__file__).parent
OUT = HERE / "src"
DESCRIPTORS = OUT / "xianban" / "descriptors.binpb"


def sources(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.proto"))


def run(*arguments: str) -> None:
    include = [f"-I{HERE}", f"-I{HERE / 'vendor'}", f"-I{resources.files('grpc_tools') / '_proto'}"]
    if code := protoc.main(["protoc", *include, *arguments]):
        sys.exit(code)


def main() -> None:
    # protoc finds its mypy plugins beside this interpreter.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = [f"xianban/{path}" for path in sources(HERE / "xianban")]
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    run(f"--python_out={OUT}", f"--mypy_out={OUT}", *ours, "buf/validate/validate.proto")
    serving = [path for path in ours if "service " in (HERE / path).read_text("utf-8")]
    run(f"--grpc_python_out={OUT}", f"--mypy_grpc_out={OUT}", *serving)
    for package in [path.parent for path in OUT.rglob("*_pb2.py")]:
        (package / "py.typed").touch()
    # The gateway needs google.rpc's details too, or it cannot convert typed errors to JSON.
    run(
        "--include_imports",
        "--include_source_info",
        f"--descriptor_set_out={DESCRIPTORS}",
        *ours,
        "google/rpc/error_details.proto",
    )


if __name__ == "__main__":
    main()
