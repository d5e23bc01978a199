"""A person at the portal without a browser: logs in through the real pages and posts real forms."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import httpx
from xianban_sdk.demo import phone

_FORM = re.compile(r'<form class="form" method="post" action="([^"]*)"')
_HIDDEN = re.compile(r'name="(csrf|flow)" value="([^"]*)"')
_CODE = re.compile(r'id="screen-code">(\d{6})<')
_CSRF = re.compile(r'name="csrf(?:_token)?" value="([^"]+)"')


class Visitor:
    """One log-in at the portal."""

    def __init__(self, url: str, person: str) -> None:
        self.http = httpx.Client(base_url=url, follow_redirects=True, timeout=20)
        page = self._submit(self.http.get("/login"), phone=phone(person))
        page = self._submit(page, code=_CODE.findall(page.text)[0])
        if 'value="allow"' in page.text:
            page = self._submit(page, decision="allow")
        assert page.status_code == 200, page.text[:2000]

    def _submit(self, page: httpx.Response, **fields: str) -> httpx.Response:
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}
        action = urljoin(str(page.url), unescape(_FORM.findall(page.text)[0]))
        return self.http.post(action, data=hidden | fields)

    def act_for(self, subject: str) -> None:
        """Chooses somebody on the page "acting for …"."""
        csrf = _CSRF.findall(self.http.get("/acting-for").text)[0]
        form = {"csrf": csrf, "subject": subject, "next": "/"}
        answer = self.http.post("/acting-for", data=form)
        assert answer.status_code == 200, answer.text[:2000]

    def get(self, path: str) -> httpx.Response:
        """A page, as it answers by itself."""
        return self.http.get(path, follow_redirects=False)

    def close(self) -> None:
        self.http.close()
