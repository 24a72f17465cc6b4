"""The settings of a client: the server, the options, and whether the client is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadruns._errors import ClientClosedError
from threadruns._http.cancellation import CLIENT_CLOSED

if TYPE_CHECKING:
    from threadruns._http.service import Service
    from threadruns._options import Options
    from threadruns._wire import CallOptions


class Settings:
    """The settings of a client, and whether it is closed."""

    def __init__(self, service: Service, options: Options) -> None:
        self.service = service
        self.options = options
        self.closed = False

    def require_open(self) -> None:
        """Raise an error if the client is closed.

        Raises:
            ClientClosedError: The client is closed.
        """
        if self.closed:
            raise ClientClosedError(CLIENT_CLOSED)

    def updated(self, options: CallOptions) -> Settings:
        """Return new, open settings with some options changed."""
        return Settings(self.service, self.options.updated(options))
