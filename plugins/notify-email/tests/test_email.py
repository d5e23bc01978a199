import json
import ssl
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from ipaddress import ip_address

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from xianban_notify.hookspecs import Attempt, Verdict
from xianban_plugin_notify_email.plugin import EmailChannel, Server, register_channel
from xianban_sdk.settings import Settings
from xianban_sdk.testing.ports import free_port

ATTEMPT = Attempt(
    key="01K0000000000000000000000A",
    number=1,
    address="wang@example.org",
    title="血氧偏低",
    body="王奶奶血氧 86%，已持续 3 分钟。",
    link="http://127.0.0.1:8080/messages/01K",
    locale="zh-CN",
    urgent=True,
    group="eldercare:/care/alerts/1",
    receipt_url="http://127.0.0.1:8080/api/notify/v1/receipts/x",
)


class Mailboxes:
    """What a real SMTP server (aiosmtpd) hands on, and what it refuses."""

    def __init__(self):
        self.mails = []
        self.refusal = ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((session.ssl is not None, envelope))
        return "250 OK"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "cert.pem").write_bytes(pem)
    (folder / "both.pem").write_bytes(pem + private)
    return folder


@pytest.fixture
def boxes():
    return Mailboxes()


@pytest.fixture
def server(boxes, certificate):
    """STARTTLS and a log-in are demanded, as submission servers do (RFC 6409)."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "both.pem")

    def known(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"xian ban", b"ge:heim"))

    controller = Controller(
        boxes,
        "127.0.0.1",
        0,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=known,
    )
    yield from running(controller)


def running(controller):
    controller.port = free_port()
    controller.start()
    yield controller
    if not controller.loop.is_closed():
        controller.stop()


def channel(server, certificate, tmp_path, user="xian%20ban:ge%3Aheim@", scheme="smtp"):
    url = f"{scheme}://{user}127.0.0.1:{server.port}"
    made = Server.of(url, str(certificate / "cert.pem"))
    return EmailChannel(made, "贤办 <noreply@fengxian.example>", Settings(data=tmp_path))


def test_a_mail_goes_over_starttls_with_a_log_in(boxes, server, certificate, tmp_path):
    outcome = channel(server, certificate, tmp_path).deliver(ATTEMPT)
    assert outcome.verdict is Verdict.SENT
    [(encrypted, envelope)] = boxes.mails
    assert encrypted
    assert envelope.rcpt_tos == ["wang@example.org"]
    mail = message_from_bytes(envelope.content)
    assert str(make_header(decode_header(mail["Subject"]))) == "血氧偏低"
    assert mail["Message-ID"] == f"<{ATTEMPT.key}@fengxian.example>" == outcome.reference
    assert mail["Importance"] == "high"
    text = mail.get_payload(decode=True).decode()
    assert "86%" in text
    assert ATTEMPT.link in text


def test_tls_from_the_first_byte(boxes, certificate, tmp_path):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "both.pem")
    controller = Controller(boxes, "127.0.0.1", 0, ssl_context=context)
    started = running(controller)
    server = next(started)
    try:
        made = channel(server, certificate, tmp_path, user="", scheme="smtps")
        assert made.deliver(ATTEMPT).verdict is Verdict.SENT
    finally:
        next(started, None)
    assert len(boxes.mails) == 1


def test_a_certificate_that_nobody_vouches_for_sends_nothing(boxes, server, certificate, tmp_path):
    url = f"smtp://xian%20ban:ge%3Aheim@127.0.0.1:{server.port}"
    made = EmailChannel(Server.of(url), "noreply@fengxian.example", Settings(data=tmp_path))
    outcome = made.deliver(ATTEMPT)
    assert (outcome.verdict, outcome.reason) == (Verdict.FAILED, "tls-failed")
    assert boxes.mails == []


@pytest.mark.parametrize(
    ("refusal", "verdict"),
    [
        ("550 5.1.1 no such mailbox", Verdict.BOUNCED),
        ("450 4.2.0 mailbox busy", Verdict.FAILED),
        ("554 5.7.1 not wanted here", Verdict.REFUSED),
    ],
)
def test_a_mailbox_that_is_not_there_is_told_apart(
    boxes, server, certificate, tmp_path, refusal, verdict
):
    boxes.refusal = refusal
    outcome = channel(server, certificate, tmp_path).deliver(ATTEMPT)
    assert (outcome.verdict, outcome.reason) == (verdict, f"smtp-{refusal[:3]}")


def test_a_server_that_is_away_is_tried_again(server, certificate, tmp_path):
    made = channel(server, certificate, tmp_path)
    server.stop()
    assert made.deliver(ATTEMPT).verdict is Verdict.FAILED


def test_a_title_can_not_smuggle_in_a_header(boxes, server, certificate, tmp_path):
    from dataclasses import replace

    evil = replace(ATTEMPT, title="hello\r\nBcc: everybody@example.org")
    assert channel(server, certificate, tmp_path).deliver(evil).verdict is Verdict.SENT
    mail = message_from_bytes(boxes.mails[0][1].content)
    assert mail["Bcc"] is None
    assert boxes.mails[0][1].rcpt_tos == ["wang@example.org"]


@pytest.mark.parametrize("address", ["", "wang", "wang@", "wang@a@b", "wang\r\n@example.org"])
def test_what_is_no_address_is_not_tried_again(boxes, server, certificate, tmp_path, address):
    from dataclasses import replace

    outcome = channel(server, certificate, tmp_path).deliver(replace(ATTEMPT, address=address))
    assert (outcome.verdict, outcome.reason) == (Verdict.BOUNCED, "address-invalid")
    assert boxes.mails == []


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp+plain://mail.example.org"])
def test_an_address_that_would_send_in_the_clear_is_refused(url):
    with pytest.raises(ValueError, match="smtp"):
        Server.of(url)


def test_without_a_server_the_demo_says_that_nothing_was_sent(tmp_path):
    made = EmailChannel(None, "noreply@fengxian.example", Settings(data=tmp_path))
    assert made.deliver(ATTEMPT).reason == "demo-outbox"
    line = json.loads((tmp_path / "outbox/email.jsonl").read_text("utf-8"))
    assert "nothing was sent" in line["note"]


def test_outside_of_a_demo_it_is_not_there_until_it_is_configured(monkeypatch):
    monkeypatch.setenv("XIANBAN_DEMO", "0")
    assert register_channel() is None
