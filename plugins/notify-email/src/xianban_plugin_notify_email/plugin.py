"""E-mail over SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314).

Environment: XIANBAN_EMAIL_URL (smtp://user:secret@host:587 with STARTTLS, smtps://host:465, or
smtp+plain://127.0.0.1:1025 to this machine alone), XIANBAN_EMAIL_FROM, XIANBAN_EMAIL_CA (a file,
for a private authority). SMTP knows no idempotency key: Message-ID is the same for every attempt,
which many mailboxes use to show a repetition once, but nothing promises it.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Final
from urllib.parse import unquote, urlsplit

from xianban_notify.hookspecs import Attempt, Channel, Outcome, Verdict, hookimpl
from xianban_sdk import demo_outbox
from xianban_sdk.settings import Settings

__all__ = ["EmailChannel", "Server", "register_channel"]

_SECONDS: Final = 10.0
_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
# RFC 5321, 4.2.3, and RFC 3463: the mailbox is not there or takes no mail any more.
_NO_MAILBOX: Final = frozenset({550, 551, 553})


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP submission server."""

    scheme: str
    host: str
    port: int
    user: str = ""
    secret: str = ""
    ca: str = ""

    @classmethod
    def of(cls, url: str, ca: str = "") -> Server:
        """Raises ValueError for an address that would send in the clear over a network."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("XIANBAN_EMAIL_URL is smtp://, smtps:// or smtp+plain://host:port")
        if parts.scheme == "smtp+plain" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("smtp+plain:// is for a server on this machine")
        return cls(
            parts.scheme,
            parts.hostname,
            parts.port or _PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            ca,
        )

    def connect(self) -> smtplib.SMTP:
        """Ready to send; never in the clear unless that was said."""
        context = ssl.create_default_context(cafile=self.ca or None)
        if self.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=_SECONDS, context=context
            )
        else:
            client = smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
        try:
            if self.scheme == "smtp":
                client.starttls(context=context)
            if self.user:
                client.login(self.user, self.secret)
        except BaseException:
            client.close()
            raise
        return client


class EmailChannel:
    """One mail per attempt."""

    id = "email"
    names: Mapping[str, str] = {"zh-CN": "电子邮件", "en": "E-mail"}
    needs = "email"
    takes_idempotency_key = False
    urgent_only = False
    carries_codes = True
    browser_key = ""

    def __init__(self, server: Server | None, sender: str, settings: Settings) -> None:
        self._server = server
        self._sender = sender
        self._settings = settings

    def deliver(self, attempt: Attempt) -> Outcome:
        """Sent when the server took it; whether it reached the mailbox only a bounce would say."""
        try:
            to = Address(addr_spec=attempt.address)
        except (IndexError, ValueError, HeaderParseError):  # IndexError: there is none
            return Outcome(Verdict.BOUNCED, "address-invalid")
        mail = self._mail(attempt, to)
        if self._server is None:
            demo_outbox.put(self._settings, self.id, {"mail": mail.as_string(), "id": attempt.key})
            return Outcome(Verdict.SENT, demo_outbox.REASON)
        try:
            with self._server.connect() as client:
                client.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, _ = next(iter(error.recipients.values()))
            return _refused(code)
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code, of_mailbox=False)
        except (smtplib.SMTPException, OSError) as error:
            return Outcome(Verdict.FAILED, _reason(error))
        return Outcome(Verdict.SENT, reference=str(mail["Message-ID"]))

    def _mail(self, attempt: Attempt, to: Address) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = " ".join(attempt.title.split())
        mail["From"] = self._sender
        mail["To"] = to
        mail["Date"] = formatdate()
        domain = self._sender.rpartition("@")[2].strip("<> ")
        mail["Message-ID"] = f"<{attempt.key}@{domain}>"
        mail["Content-Language"] = attempt.locale
        mail["Auto-Submitted"] = "auto-generated"
        if attempt.urgent:
            mail["Importance"] = "high"
            mail["X-Priority"] = "1"
        parts = [attempt.body, attempt.link]
        mail.set_content("\n\n".join(part for part in parts if part) + "\n")
        return mail


def _refused(code: int, *, of_mailbox: bool = True) -> Outcome:
    if of_mailbox and code in _NO_MAILBOX:
        return Outcome(Verdict.BOUNCED, f"smtp-{code}")
    return Outcome(Verdict.REFUSED if code >= 500 else Verdict.FAILED, f"smtp-{code}")


def _reason(error: Exception) -> str:
    return "tls-failed" if isinstance(error, ssl.SSLError) else "server-unreachable"


@hookimpl
def register_channel() -> Channel | None:
    """As the environment says; in a demo district without a server, the demo's outbox."""
    settings, url = Settings.load(), os.environ.get("XIANBAN_EMAIL_URL", "")
    if not url and not settings.demo:
        return None
    server = Server.of(url, os.environ.get("XIANBAN_EMAIL_CA", "")) if url else None
    sender = os.environ.get("XIANBAN_EMAIL_FROM", "贤办 <noreply@xianban.invalid>")
    return EmailChannel(server, sender, settings)
