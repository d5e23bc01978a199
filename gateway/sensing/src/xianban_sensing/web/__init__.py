"""Sensing in the portal: no pages, but the NGSI-LD façade for programs."""

from __future__ import annotations

from xianban_sdk.web import Site

from xianban_sensing.web import ngsi_ld

site = Site(
    name="sensing",
    package="xianban_sensing.web",
    texts="xianban_sensing",
    service="sensing",
    order=800,
    routes=ngsi_ld.routes(),
    machine_paths=(ngsi_ld.ROOT,),
)
