"""Sending through a client of httpx or httpx2: our own over our own connections, or the caller's.

Every request is sent this way, so tools that hook into httpx see each of them.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

from threadruns._errors import ArgumentError, ClientClosedError
from threadruns._http.cancellation import CLIENT_CLOSED
from threadruns._http.request import phase_timeouts
from threadruns._http.secrets import without_frames
from threadruns._http.transports.limits import EXTENSION, ExchangeLimits

if TYPE_CHECKING:
    from threadruns._http.body import BodyReader
    from threadruns._http.cancellation import CancelToken
    from threadruns._http.request import PreparedRequest
    from threadruns._http.transport import AsyncHttpClient, HttpClient
    from threadruns._http.transports.settings import ConnectionSettings
    from threadruns._response import RawResponse

C = TypeVar("C", bound="HttpClient | AsyncHttpClient")

HTTP_CLIENT_CLOSED = "The client that was passed as http_client is closed."


class BaseTransport(Generic[C]):
    """The part that both transports share: the client that sends, and the requests of its library.

    Args:
        settings: The settings, which may name a client or a transport of the caller.
        kind: The name of the class of clients in httpx and httpx2.
    """

    def __init__(self, settings: ConnectionSettings, kind: str) -> None:
        self._owned = settings.http_client is None
        self._library = settings.library
        self._client: C
        if settings.http_client is not None:
            self._client = settings.http_client
        elif settings.transport is not None:
            self._client = getattr(self._library, kind)(transport=settings.transport, trust_env=False)
        else:
            self._client = self._make_client(settings)
        self._build = self._library.Request if self._owned else self._client.build_request

    def _make_client(self, settings: ConnectionSettings) -> C:
        """Make our own client. A method, because it imports httpx, which a client of httpx2 does not need."""
        raise NotImplementedError

    def _check_open(self) -> None:
        if self._client.is_closed:
            raise ClientClosedError(CLIENT_CLOSED if self._owned else HTTP_CLIENT_CLOSED) from None

    def _signed(self, request: PreparedRequest, timeout: float | None, limits: ExchangeLimits | None = None) -> Any:
        """Return a request of the library that owns the client, with the key.

        Args:
            request: The request.
            timeout: The time limit of the exchange, in seconds.
            limits: Its limits, for our own connections.
        """
        extensions: dict[str, Any] = {"timeout": phase_timeouts(timeout)}
        more: dict[str, Any] = {} if request.content is None else {"content": request.content}
        if self._owned:
            if limits is not None:
                extensions[EXTENSION] = limits
        elif self._client.params:
            # If the client has query parameters of its own, httpx would replace ours with them.
            more["params"] = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        try:
            return self._build(
                request.method, request.url, headers=request.signed_headers(), extensions=extensions, **more
            )
        except Exception as error:
            if type(error).__name__ != "InvalidURL":
                raise
            raise ArgumentError(f"The URL of the request cannot be used: {error}.") from None


class HttpxClientTransport(BaseTransport["HttpClient"]):
    """Sends through a client of httpx or httpx2."""

    def __init__(self, settings: ConnectionSettings) -> None:
        super().__init__(settings, "Client")

    def _make_client(self, settings: ConnectionSettings) -> HttpClient:
        from threadruns._http.transports.connections import OwnClient

        return OwnClient(settings)

    def exchange(
        self, request: PreparedRequest, timeout: float | None, cancel_token: CancelToken | None = None
    ) -> RawResponse:
        """Send a request and return its response.

        A client or a transport of the caller limits the time of single reads only. The time limit of the exchange and
        its cancellation are checked between the reads.

        Args:
            request: The request.
            timeout: The time limit of the whole exchange, in seconds.
            cancel_token: Ends the exchange from another thread.

        Raises:
            Exception: One that ``failure_kind`` knows, or a BodyError.
        """
        self._check_open()
        limits = ExchangeLimits(timeout, cancel_token)
        try:
            with nullcontext() if cancel_token is None else cancel_token.on_cancel(limits.cancel):
                response = self._client.send(
                    self._signed(request, timeout, limits), stream=True, auth=None, follow_redirects=False
                )
                try:
                    reader = reader_for(request, response)
                    for part in (response.content,) if response.is_stream_consumed else response.iter_raw():
                        limits.left(None)
                        reader.feed(part)
                finally:
                    response.close()
        except RuntimeError:
            self._check_open()
            raise
        except self._library.HTTPStatusError as error:
            reader = reader_of_raised(request, error.response)
        except Exception:
            raise
        except BaseException as error:
            without_frames(error)
            raise
        return reader.finish()

    def close(self) -> None:
        """Close the client, unless it is the caller's; closing twice is fine."""
        if self._owned:
            self._client.close()


class AsyncHttpxClientTransport(BaseTransport["AsyncHttpClient"]):
    """Sends through an asynchronous client of httpx or httpx2."""

    def __init__(self, settings: ConnectionSettings) -> None:
        super().__init__(settings, "AsyncClient")

    def _make_client(self, settings: ConnectionSettings) -> AsyncHttpClient:
        from threadruns._http.transports.async_connections import AsyncOwnClient

        return AsyncOwnClient(settings)

    async def exchange(self, request: PreparedRequest, timeout: float | None) -> RawResponse:
        """Send a request and return its response within ``timeout`` seconds; see ``HttpxClientTransport``."""
        import asyncio

        self._check_open()
        try:
            async with asyncio.timeout(timeout):
                response = await self._client.send(
                    self._signed(request, timeout), stream=True, auth=None, follow_redirects=False
                )
                try:
                    reader = reader_for(request, response)
                    if response.is_stream_consumed:
                        reader.feed(response.content)
                    else:
                        async for part in response.aiter_raw():
                            reader.feed(part)
                finally:
                    await response.aclose()
        except RuntimeError:
            self._check_open()
            raise
        except self._library.HTTPStatusError as error:
            reader = reader_of_raised(request, error.response)
        except Exception:
            raise
        except BaseException as error:
            without_frames(error)
            raise
        return reader.finish()

    async def close(self) -> None:
        """Close the client, unless it is the caller's; closing twice is fine."""
        if self._owned:
            await self._client.aclose()


def reader_for(request: PreparedRequest, response: Any) -> BodyReader:
    """Return a reader for a response whose head has arrived."""
    # Transports of tools, and hooks that read a response, have already decompressed it.
    return request.body_reader(response.status_code, response.headers.raw, inflated=response.is_stream_consumed)


def reader_of_raised(request: PreparedRequest, response: Any) -> BodyReader:
    """Return a reader with the response for whose status a hook of the caller's client raised."""
    reader = reader_for(request, response)
    if response.is_stream_consumed:
        # Otherwise the hook did not read the body, and the connection is closed.
        reader.feed(response.content)
    return reader
