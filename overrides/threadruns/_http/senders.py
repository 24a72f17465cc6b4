"""Senders: carry out the attempts of a call, with threads or in an event loop.

Making a sender opens no connection and imports little; the first call does both.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from threadruns._errors import APIError, ArgumentError, ClientClosedError
from threadruns._http.cancellation import CLIENT_CLOSED
from threadruns._http.forks import FORK_LOCK

if TYPE_CHECKING:
    from threadruns._http.call import Call
    from threadruns._http.cancellation import CancelToken
    from threadruns._http.rate_limit import RateLimiter
    from threadruns._http.service import Service
    from threadruns._http.transports.clients import AsyncHttpxClientTransport, HttpxClientTransport
    from threadruns._http.transports.settings import ConnectionSettings
    from threadruns._response import RawResponse


class Cancellable(Protocol):
    """Background work that a closing client cancels."""

    def cancel(self) -> None:
        """Cancel it, if it is still running."""
        ...


class AsyncCancellable(Protocol):
    """Background work in an event loop that a closing client cancels."""

    async def cancel(self) -> None:
        """Cancel it, if it is still running."""
        ...


class Sender:
    """Sends calls and retries them, from any thread."""

    def __init__(self, service: Service, settings: ConnectionSettings, rate_limiter: RateLimiter) -> None:
        self.service = service
        self.closed = False
        self.background: set[Cancellable] = set()
        self._settings = settings
        self._rate_limiter = rate_limiter
        self._transport: HttpxClientTransport | None = None

    def send(self, call: Call[Any], cancel_token: CancelToken | None = None) -> RawResponse:
        """Send a call until it succeeds, or the retry rules end it.

        Args:
            call: The call.
            cancel_token: Ends the call from another thread.

        Raises:
            APIError: The last attempt failed.
            ClientClosedError: The client is closed, or the token was cancelled.
        """
        from threadruns._http.attempts import Attempts

        attempts = Attempts(call, self.service, self._rate_limiter)
        request = call.prepare(self.service)
        sleep = time.sleep if cancel_token is None else cancel_token.sleep
        while True:
            try:
                if wait := attempts.wait():
                    sleep(wait)
                request.secret = self.service.secret.current()
                transport, timeout = self._open(), attempts.start()
                try:
                    response = transport.exchange(request, timeout, cancel_token)
                except Exception as error:
                    if cancel_token is not None:
                        cancel_token.check()
                    attempts.raise_failure(error)
                return attempts.check_response(response)
            except APIError as error:
                if not attempts.should_continue(error):
                    raise
            sleep(attempts.pause)

    def _open(self) -> HttpxClientTransport:
        if self.closed:
            raise ClientClosedError(CLIENT_CLOSED)
        if self._transport is None:
            from threadruns._http.transports.clients import HttpxClientTransport

            transport = HttpxClientTransport(self._settings)
            with FORK_LOCK:
                # Another thread may have set it meanwhile.
                self._transport = self._transport or transport
        return self._transport

    def close(self) -> None:
        """Cancel background work and close the connections; closing twice is fine."""
        self.closed = True
        for work in [*self.background]:
            work.cancel()
        if self._transport is not None:
            self._transport.close()


class AsyncSender:
    """Sends calls and retries them, from any event loop."""

    def __init__(self, service: Service, settings: ConnectionSettings, rate_limiter: RateLimiter) -> None:
        self.service = service
        self.closed = False
        self.background: set[AsyncCancellable] = set()
        self._settings = settings
        self._rate_limiter = rate_limiter
        self._transport: AsyncHttpxClientTransport | None = None

    async def send(self, call: Call[Any]) -> RawResponse:
        """Send a call until it succeeds, or the retry rules end it.

        Raises:
            APIError: The last attempt failed.
            ClientClosedError: The client is closed.
        """
        import asyncio

        from threadruns._http.attempts import Attempts

        require_event_loop()
        attempts = Attempts(call, self.service, self._rate_limiter)
        request = call.prepare(self.service)
        while True:
            try:
                if wait := attempts.wait():
                    await asyncio.sleep(wait)
                request.secret = await self.service.secret.current_async()
                transport, timeout = self._open(), attempts.start()
                try:
                    response = await transport.exchange(request, timeout)
                except Exception as error:
                    attempts.raise_failure(error)
                return attempts.check_response(response)
            except APIError as error:
                if not attempts.should_continue(error):
                    raise
            await asyncio.sleep(attempts.pause)

    def _open(self) -> AsyncHttpxClientTransport:
        if self.closed:
            raise ClientClosedError(CLIENT_CLOSED)
        if self._transport is None:
            from threadruns._http.transports.clients import AsyncHttpxClientTransport

            self._transport = AsyncHttpxClientTransport(self._settings)
        return self._transport

    async def close(self) -> None:
        """Cancel background work and close the connections; closing twice is fine."""
        self.closed = True
        for work in [*self.background]:
            await work.cancel()
        if self._transport is not None:
            await self._transport.close()


def require_event_loop() -> None:
    """Raise an error outside of asyncio.

    Raises:
        ArgumentError: No event loop of asyncio is running.
    """
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ArgumentError("AsyncClient works in an event loop of asyncio, and none is running here.") from None
