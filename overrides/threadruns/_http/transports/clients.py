"""Sending through a client of httpx or httpx2: our own over our own connections, or the caller's.

Every request is sent this way, so tools that hook into httpx see each of them.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from threadruns._errors import ArgumentError, ClientClosedError
from threadruns._http.cancellation import CLIENT_CLOSED
from threadruns._http.request import phase_timeouts
from threadruns._http.secrets import without_frames
from threadruns._http.transports.limits import EXTENSION, ExchangeLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from threadruns._http.body import BodyReader
    from threadruns._http.cancellation import CancelToken
    from threadruns._http.request import PreparedRequest
    from threadruns._http.transport import AsyncHttpClient, HttpClient
    from threadruns._http.transports.settings import ConnectionSettings
    from threadruns._response import RawResponse

HTTP_CLIENT_CLOSED = "The client that was passed as http_client is closed."


class HttpxClientTransport:
    """Sends through a client of httpx or httpx2."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._owned = settings.http_client is None
        self._library = settings.library
        self._client: HttpClient
        if settings.http_client is not None:
            self._client = settings.http_client
        elif settings.transport is not None:
            self._client = self._library.Client(transport=settings.transport, trust_env=False)
        else:
            from threadruns._http.transports.connections import OwnClient

            self._client = OwnClient(settings)
        self._build = self._client.build_request if not self._owned else self._library.Request

    def exchange(
        self, request: PreparedRequest, timeout: float | None, cancel_token: CancelToken | None = None
    ) -> RawResponse:
        """Send a request and return its response.

        A client or a transport of the caller limits the time of single reads only. The time limit of the exchange and
        its cancellation are checked between the reads.
        """
        client = self._client
        check_open(client, owned=self._owned)
        limits = ExchangeLimits(timeout, cancel_token)
        try:
            with nullcontext() if cancel_token is None else cancel_token.on_cancel(limits.cancel):
                response = client.send(
                    signed(request, self._build, timeout, limits, None if self._owned else client),
                    stream=True,
                    auth=None,
                    follow_redirects=False,
                )
                try:
                    reader = reader_for(request, response)
                    for part in (response.content,) if response.is_stream_consumed else response.iter_raw():
                        limits.left(None)
                        reader.feed(part)
                finally:
                    response.close()
        except RuntimeError:
            check_open(client, owned=self._owned)
            raise
        except self._library.HTTPStatusError as error:
            # A hook of the caller's client raised for the status. Either the hook has read the body, or it is unread.
            reader = reader_for(request, error.response)
            if error.response.is_stream_consumed:
                reader.feed(error.response.content)
        except Exception:
            raise
        except BaseException as error:
            without_frames(error)
            raise
        return reader.finish()

    def close(self) -> None:
        """Close the client, unless it is the caller's."""
        if self._owned:
            self._client.close()


class AsyncHttpxClientTransport:
    """Sends through an asynchronous client of httpx or httpx2."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._owned = settings.http_client is None
        self._library = settings.library
        self._client: AsyncHttpClient
        if settings.http_client is not None:
            self._client = settings.http_client
        elif settings.transport is not None:
            self._client = self._library.AsyncClient(transport=settings.transport, trust_env=False)
        else:
            from threadruns._http.transports.async_connections import AsyncOwnClient

            self._client = AsyncOwnClient(settings)
        self._build = self._client.build_request if not self._owned else self._library.Request

    async def exchange(self, request: PreparedRequest, timeout: float | None) -> RawResponse:
        """Send a request and return its response."""
        import asyncio

        client = self._client
        check_open(client, owned=self._owned)
        try:
            async with asyncio.timeout(timeout):
                response = await client.send(
                    signed(request, self._build, timeout, None, None if self._owned else client),
                    stream=True,
                    auth=None,
                    follow_redirects=False,
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
            check_open(client, owned=self._owned)
            raise
        except self._library.HTTPStatusError as error:
            # A hook of the caller's client raised for the status. Either the hook has read the body, or it is unread.
            reader = reader_for(request, error.response)
            if error.response.is_stream_consumed:
                reader.feed(error.response.content)
        except Exception:
            raise
        except BaseException as error:
            without_frames(error)
            raise
        return reader.finish()

    async def close(self) -> None:
        """Close the client, unless it is the caller's."""
        if self._owned:
            await self._client.aclose()


def signed(
    request: PreparedRequest,
    build: Callable[..., Any],
    timeout: float | None,
    limits: ExchangeLimits | None,
    client: HttpClient | AsyncHttpClient | None,
) -> Any:
    """Return a request of the library that owns the client, with the key.

    Args:
        request: The request.
        build: Makes a request of that library, including the client's own headers.
        timeout: The time limit of the exchange, in seconds.
        limits: Its limits, for our own connections.
        client: The client if it is the caller's.
    """
    extensions: dict[str, Any] = {"timeout": phase_timeouts(timeout)}
    more: dict[str, Any] = {}
    if client is None:
        if limits is not None:
            extensions[EXTENSION] = limits
    elif client.params:
        # If the client has query parameters of its own, httpx would replace ours with them.
        more["params"] = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    try:
        return build(request.method, request.url, headers=request.signed_headers(), extensions=extensions, **more)
    except Exception as error:
        if type(error).__name__ != "InvalidURL":
            raise
        raise ArgumentError(f"The URL of the request cannot be used: {error}.") from None


def reader_for(request: PreparedRequest, response: Any) -> BodyReader:
    """Return a reader for a response whose head has arrived."""
    # Transports of tools, and hooks that read a response, have already decompressed it.
    return request.body_reader(response.status_code, response.headers.raw, inflated=response.is_stream_consumed)


def check_open(client: HttpClient | AsyncHttpClient, *, owned: bool) -> None:
    """Raise an error if the client is closed.

    Raises:
        ClientClosedError: The client is closed.
    """
    if client.is_closed:
        raise ClientClosedError(CLIENT_CLOSED if owned else HTTP_CLIENT_CLOSED) from None
