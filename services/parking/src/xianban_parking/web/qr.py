"""A gate token as a QR code: drawn here, so that it shows without scripts and prints sharply."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr_svg(token: str, label: str) -> Markup:
    """An inline SVG; the label is what a screen reader says."""
    drawn = io.BytesIO()
    # Error level M survives a folded sheet of paper; L only a clean screen.
    segno.make(token, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4, nl=False, title=label
    )
    body = drawn.getvalue().decode("utf-8")
    return Markup(body.replace("<svg ", '<svg class="qr" role="img" ', 1))  # noqa: S704 segno escapes the title
