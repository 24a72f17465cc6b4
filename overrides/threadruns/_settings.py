"""What a client was told: the server, the options, and at last that it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadruns._ahead import CLOSED
from threadruns._errors import ClientClosedError

if TYPE_CHECKING:
    from threadruns._options import Options
    from threadruns._service import Service
    from threadruns._wire import CallOptions


class Settings:
    """What a client was told, and whether it is closed."""

    def __init__(self, service: Service, options: Options) -> None:
        self.service = service
        self.options = options
        self.closed = False

    def check_open(self) -> None:
        """Refuse to work for a closed client.

        Raises:
            ClientClosedError: It is closed.
        """
        if self.closed:
            raise ClientClosedError(CLOSED)

    def updated(self, options: CallOptions) -> Settings:
        """Return settings with some options set anew, and open."""
        return Settings(self.service, self.options.updated(options))
