"""TLS settings: the certificates that are trusted, from the environment or from certifi."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from threadruns._errors import ArgumentError

if TYPE_CHECKING:
    import ssl

FILE_VARIABLE = "SSL_CERT_FILE"
FOLDER_VARIABLE = "SSL_CERT_DIR"
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
"""The file names that OpenSSL looks for in a folder."""


def tls_settings(verify: bool) -> ssl.SSLContext:
    """Return TLS settings, with or without verification of certificates.

    Raises:
        ArgumentError: An environment variable names certificates that cannot be used.
    """
    import ssl

    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    # An empty variable counts as not set.
    file, folder = os.environ.get(FILE_VARIABLE), os.environ.get(FOLDER_VARIABLE)
    if folder:
        _check_folder(folder)
    if file:
        return _from_file(file, folder or None)
    import certifi

    return ssl.create_default_context(cafile=None if folder else certifi.where(), capath=folder or None)


def _from_file(file: str, folder: str | None) -> ssl.SSLContext:
    import ssl

    try:
        context = ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        raise _error(FILE_VARIABLE, file, "holds no certificate in PEM form") from None
    except OSError as error:
        raise _error(FILE_VARIABLE, file, f"cannot be read ({error.strerror or error})") from None
    if not context.cert_store_stats()["x509"]:
        raise _error(FILE_VARIABLE, file, "holds no certificate in PEM form")
    if folder is not None:
        context.load_verify_locations(capath=folder)
    return context


def _check_folder(folders: str) -> None:
    for folder in folders.split(os.pathsep):
        try:
            names = [path.name for path in Path(folder).iterdir()]
        except OSError as error:
            raise _error(FOLDER_VARIABLE, folder, f"cannot be read ({error.strerror or error})") from None
        if any(map(_HASHED.fullmatch, names)):
            return
    raise _error(FOLDER_VARIABLE, folders, "holds no certificate under the name of its hash; run openssl rehash on it")


def _error(variable: str, value: str, problem: str) -> ArgumentError:
    return ArgumentError(
        f"The environment variable {variable} names {value!r}, which {problem}: fix it, unset it, or pass verify."
    )
