"""The limits of one exchange: a deadline, and a token with which another thread cancels it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threadruns._http.cancellation import CancelToken

EXTENSION = "threadruns"
"""The extension of a request in which our own transport finds its limits."""


class Stoppable(Protocol):
    """A connection that carries an exchange."""

    def stop(self, limits: ExchangeLimits) -> None:
        """Shut the connection down if it still carries the exchange with these limits."""
        ...


class ExchangeLimits:
    """The limits of one exchange.

    Args:
        timeout: The time limit of the whole exchange, in seconds; None for no limit.
        cancel_token: Ends the exchange from another thread; None if nothing does.
    """

    __slots__ = ("_cancel_token", "_expires", "connection")

    def __init__(self, timeout: float | None, cancel_token: CancelToken | None) -> None:
        self._expires = None if timeout is None else time.monotonic() + timeout
        self._cancel_token = cancel_token
        self.connection: Stoppable | None = None
        """The connection that carries the exchange, once there is one."""

    def cancel(self) -> None:
        """End the exchange, from another thread."""
        if self.connection is not None:
            self.connection.stop(self)

    def left(self, timeout: float | None, error: type[Exception] = TimeoutError) -> float | None:
        """Return the time that one operation of the exchange may take, in seconds; None for no limit.

        Args:
            timeout: The time limit of the operation itself.
            error: The exception to raise after the deadline.

        Raises:
            ClientClosedError: The exchange was cancelled.
        """
        if self._cancel_token is not None:
            self._cancel_token.check()
        if self._expires is None:
            return timeout
        left = self._expires - time.monotonic()
        if left <= 0:
            raise error("The exchange has timed out.")
        return left if timeout is None else min(left, timeout)


UNLIMITED = ExchangeLimits(None, None)
"""The limits of an idle connection, or of one that is not used by our own client."""
