"""Encrypted connections, TLS 1.2 or later, from the files that the user chose (PS3.15 B.9)."""

import ssl
from pathlib import Path

from her2desk.dicom.pacs.nodes import TlsChoice
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg, phrase


def asking_context(tls: TlsChoice) -> ssl.SSLContext:
    """For connections that this program makes; raises ``InputRefused`` (``pacs-tls-file``).

    Where an authority is given, it alone is trusted, not everybody beside it whom a browser trusts.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = tls.checks_name
    if tls.authority is None:
        context.load_default_certs()
    _prepare(context, tls)
    return context


def answering_context(tls: TlsChoice) -> ssl.SSLContext:
    """For connections that others make; who has no trusted certificate is turned away.

    Without an authority in ``tls`` others need none. Raises ``InputRefused`` (``pacs-tls-file``).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if tls.authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    _prepare(context, tls)
    return context


def _prepare(context: ssl.SSLContext, tls: TlsChoice) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The other side's own certificate may be given in the place of an authority's.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if tls.authority is not None:
        _load_authority(context, tls.authority)
    if tls.certificate is not None and tls.key is not None:
        _load_own(context, tls.certificate, tls.key)


def _load_authority(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:
        raise _unusable(path, msg("no certificate can be read from it")) from error


def _load_own(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    def no_passphrase() -> str:
        raise _unusable(key, msg("the key in it is protected with a passphrase"))

    try:
        context.load_cert_chain(certificate, key, password=no_passphrase)
    except ssl.SSLError as error:
        if "MISMATCH" in (error.reason or ""):
            raise _unusable(key, msg("the key in it is not that of the certificate")) from error
        raise _unusable(certificate, msg("no certificate or no key can be read")) from error
    except OSError as error:
        absent = next((p for p in (certificate, key) if not p.is_file()), certificate)
        raise _unusable(absent, msg("it cannot be read")) from error


def _unusable(path: Path, why: Message) -> InputRefused:
    return InputRefused(
        msg("{name} cannot be used for TLS: {why}.", name=path.name, why=phrase(why)),
        msg("Choose another file, in PEM format, its key without a passphrase."),
        code="pacs-tls-file",
    )
