"""Pages that are requested in the background while the caller processes the previous page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threadruns._errors import ClientClosedError
from threadruns._http.cancellation import PAGE_CANCELLED

if TYPE_CHECKING:
    from threadruns._http.call import Call
    from threadruns._http.cancellation import CancelToken
    from threadruns._http.senders import AsyncSender, Sender
    from threadruns._response import RawResponse


class PrefetchedPage:
    """A page that is requested by a background thread.

    Args:
        sender: Sends the call.
        call: The call.
        cancel_token: Cancels it.
    """

    def __init__(self, sender: Sender, call: Call[Any], cancel_token: CancelToken) -> None:
        from concurrent.futures import Future
        from threading import Thread

        self._sender = sender
        self._call = call
        self._cancel_token = cancel_token
        self._response: Future[RawResponse] = Future()
        self._started = True
        sender.background.add(self)
        try:
            Thread(target=self._send, name="threadruns-prefetch", daemon=True).start()
        except RuntimeError:
            # The system allows no more threads, or the interpreter is shutting down.
            self._started = False
            sender.background.discard(self)

    def _send(self) -> None:
        try:
            self._response.set_result(self._sender.send(self._call, self._cancel_token))
        except BaseException as error:
            self._response.set_exception(error)
        finally:
            self._sender.background.discard(self)

    def result(self) -> RawResponse:
        """Wait for the response and return it.

        Raises:
            APIError: The call failed.
            ClientClosedError: The client was closed meanwhile.
        """
        from concurrent.futures import wait

        if not self._is_running:
            return self._sender.send(self._call, self._cancel_token.renewed())
        wait([self._response])
        self._cancel_token.check()
        return self._response.result()

    def cancel(self) -> None:
        """Cancel the request, if it is still running."""
        if self._is_running and not self._response.done():
            self._cancel_token.cancel()

    @property
    def _is_running(self) -> bool:
        return self._started and not self._cancel_token.inherited


class AsyncPrefetchedPage:
    """A page that is requested by a background task; see ``PrefetchedPage``."""

    def __init__(self, sender: AsyncSender, call: Call[Any]) -> None:
        import asyncio

        self._sender = sender
        self._call = call
        self._task = asyncio.create_task(sender.send(call))
        sender.background.add(self)
        self._task.add_done_callback(lambda _: sender.background.discard(self))

    async def result(self) -> RawResponse:
        """Wait for the response and return it."""
        import asyncio

        if self._task.get_loop() is not asyncio.get_running_loop():
            # The iteration continues in a forked child or another loop, where the task does not run.
            return await self._sender.send(self._call)
        # asyncio.wait, unlike awaiting the task, distinguishes cancellation of the task from that of the caller.
        await asyncio.wait({self._task})
        if self._task.cancelled():
            raise ClientClosedError(PAGE_CANCELLED)
        return self._task.result()

    async def cancel(self) -> None:
        """Cancel the request, if it is still running and belongs to this event loop."""
        import asyncio

        if self._task.get_loop() is not asyncio.get_running_loop():
            return
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # Retrieved, so that asyncio does not log it as never retrieved.
