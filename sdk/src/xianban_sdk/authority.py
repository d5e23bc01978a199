"""A small CA of an installation's own, where no cert-manager makes the processes' certificates.

It signs for the suite's processes alone: plugins of tier 2 have a CA of their own (decision 0018).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Authority"]

_CA_LIFE: Final = timedelta(days=3650)
_EARLIER: Final = timedelta(minutes=5)
_NAME: Final = "Xianban inside"
_BOTH: Final = x509.ExtendedKeyUsage(
    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
)


class Authority:
    """``ca.crt`` and ``ca.key`` in a directory; made when they are not there."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file, self._key_file = directory / "ca.crt", directory / "ca.key"
        if not self._key_file.exists():
            self._make()
        self.certificate = self._file.read_bytes()
        self._ca = x509.load_pem_x509_certificate(self.certificate)
        key = load_pem_private_key(self._key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{self._key_file} holds no EC key")
        self._key = key

    def issue(self, dns: str, life: timedelta) -> Mapping[str, bytes]:
        """File name → content of a fresh key with a certificate made out to a DNS name."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            _certificate(dns, self._ca.subject, key, life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
            .add_extension(_BOTH, critical=False)
            .add_extension(self._known_by(), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = made.public_bytes(Encoding.PEM)
        return {"ca.crt": self.certificate, "tls.crt": pem, "tls.key": _pem(key)}

    def _known_by(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
        subject = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        made = (
            _certificate(_NAME, name, key, _CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS, critical=True)
            .add_extension(subject, critical=False)
            .sign(key, hashes.SHA256())
        )
        self._file.write_bytes(made.public_bytes(Encoding.PEM))
        handle = os.open(self._key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(_pem(key))


def _certificate(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + life)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


_SIGNS: Final = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
