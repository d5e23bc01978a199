"""A blocked fire lane: a camera tells, the operator sees it come and says what was done."""

from __future__ import annotations

from people import People
from xianban_parking.seed import DEMO_CAMERA

RULE = "fire-lane/B1-03"


def incident(people: People) -> None:
    """From the camera platform's message to the resolved incident, without a picture."""
    operator = people.story("operator")
    operator.open("/parking/operator/cameras")
    assert DEMO_CAMERA in operator.page.inner_text("main")
    operator.picture("incident-1-cameras")
    operator.open("/parking/operator/incidents")
    people.suite.command("camera", "send", "--camera", DEMO_CAMERA, "--rule", RULE)
    row = operator.page.locator("main .records li", has_text="消防通道占用").first
    row.wait_for()
    operator.picture("incident-2-live")
    row.locator("button[type=submit]").click()
    operator.page.wait_for_url("**/incidents/*?done=acknowledge")
    operator.picture("incident-3-taken")
    main = operator.page.locator("main")
    main.locator("details", has_text="处置完毕").locator("summary").click()
    main.locator("form[action$=resolve] textarea[name=note]").fill("车辆已挪走，通道已清空")
    main.locator("form[action$=resolve] button[type=submit]").click()
    operator.page.wait_for_url("**?done=resolve")
    operator.picture("incident-4-resolved")
    operator.close()
