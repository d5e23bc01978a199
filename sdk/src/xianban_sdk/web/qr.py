"""QR codes drawn by the server, so that they show without scripts and print sharply."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup

__all__ = ["qr_svg"]


def qr_svg(content: str, label: str) -> Markup:
    """An inline SVG of class `qr`; the label is what a screen reader says."""
    drawn = io.BytesIO()
    # Error level M survives a folded sheet of paper; L only a clean screen.
    segno.make(content, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4, nl=False, title=label
    )
    body = drawn.getvalue().decode("utf-8")
    return Markup(body.replace("<svg ", '<svg class="qr" role="img" ', 1))  # noqa: S704 segno escapes the title
