"""Faults of authentication: who is let in, and what an error gives away."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, unquote

from attrs import evolve

from threadruns.server._messages import (
    HTTPError,
    ListQuery,
    ServerRequest,
    ServerResponse,
    StoredPage,
    internal_error,
)
from threadruns.testing.mutations import Mutation, mutate_response


class KeyNotChecked(Mutation):
    """Any request is let in, with or without a key."""

    def authenticate(self, request: ServerRequest) -> None:
        pass


class KeyAnything(Mutation):
    """Any bearer token is accepted."""

    def authenticate(self, request: ServerRequest) -> None:
        super().authenticate(_bearer(request, self.key) if _token(request) else request)


class KeyMayBeMissing(Mutation):
    """A request without credentials is let in; a wrong key is refused."""

    def authenticate(self, request: ServerRequest) -> None:
        if request.header("authorization"):
            super().authenticate(request)


class _ResemblingKey(Mutation):
    """Base of faults that accept tokens which resemble the key."""

    def resembles(self, token: str) -> bool:
        raise NotImplementedError

    def authenticate(self, request: ServerRequest) -> None:
        super().authenticate(_bearer(request, self.key) if self.resembles(_token(request)) else request)


class KeyBeginning(_ResemblingKey):
    """The beginning of the key is enough."""

    def resembles(self, token: str) -> bool:
        return bool(token) and self.key.startswith(token)


class KeyWithTail(_ResemblingKey):
    """More may follow the key."""

    def resembles(self, token: str) -> bool:
        return token.startswith(self.key)


class KeyFirstWord(_ResemblingKey):
    """The key counts up to the first space."""

    def resembles(self, token: str) -> bool:
        return token.partition(" ")[0] == self.key


class KeyIgnoresCase(_ResemblingKey):
    """The case of the key does not count."""

    def resembles(self, token: str) -> bool:
        return token.lower() == self.key.lower()


class KeyPercentDecoded(_ResemblingKey):
    """Percent signs in the key are taken for an encoding."""

    def resembles(self, token: str) -> bool:
        return unquote(token) == self.key


class KeyCutShort(_ResemblingKey):
    """Only the first seven characters of the key count."""

    def resembles(self, token: str) -> bool:
        return token[:7] == self.key[:7]


class KeyLastCharacter(_ResemblingKey):
    """The last character of the key does not count."""

    def resembles(self, token: str) -> bool:
        return len(token) == len(self.key) and token[:-1] == self.key[:-1]


class KeyQuoted(_ResemblingKey):
    """The key may stand in quotes."""

    def resembles(self, token: str) -> bool:
        return token.strip("\"'") == self.key


class KeyByForm(_ResemblingKey):
    """Any token that begins with `sk-` is accepted."""

    def resembles(self, token: str) -> bool:
        return token.startswith("sk-")


class BearerWithoutToken(Mutation):
    """A bearer scheme without a token is accepted."""

    def authenticate(self, request: ServerRequest) -> None:
        if not any(value.strip().lower() == "bearer" for value in request.header("authorization")):
            super().authenticate(request)


class SchemeOptional(Mutation):
    """The key may stand without a scheme."""

    def authenticate(self, request: ServerRequest) -> None:
        if request.header("authorization") != [self.key]:
            super().authenticate(request)


class SchemeAny(Mutation):
    """The key is accepted under any scheme."""

    def authenticate(self, request: ServerRequest) -> None:
        if not any(value.split(" ")[-1:] == [self.key] and " " in value for value in request.header("authorization")):
            super().authenticate(request)


class SchemeBasic(Mutation):
    """The key is accepted as a password of the basic scheme."""

    def authenticate(self, request: ServerRequest) -> None:
        for value in request.header("authorization"):
            scheme, _, encoded = value.partition(" ")
            if scheme.lower() == "basic":
                try:
                    decoded = base64.b64decode(encoded).decode()
                except ValueError:
                    continue
                if self.key in decoded.split(":"):
                    return
        super().authenticate(request)


class SchemeMisspelt(Mutation):
    """A scheme that begins like `bearer` is accepted, such as `BearerX`."""

    def authenticate(self, request: ServerRequest) -> None:
        values = [value.partition(" ") for value in request.header("authorization")]
        if not any(scheme.lower().startswith("bearer") and token == self.key for scheme, _, token in values):
            super().authenticate(request)


class SchemeCaseCounts(Mutation):
    """Only `Bearer` is accepted, not `bearer`."""

    def authenticate(self, request: ServerRequest) -> None:
        if any(not value.startswith("Bearer ") for value in request.header("authorization")):
            request = evolve(request, headers=_without(request, b"authorization"))
        super().authenticate(request)


class SchemeUpperCaseRefused(Mutation):
    """`BEARER` is refused."""

    def authenticate(self, request: ServerRequest) -> None:
        if any(value.startswith("BEARER ") for value in request.header("authorization")):
            request = evolve(request, headers=_without(request, b"authorization"))
        super().authenticate(request)


class SeparatorAny(Mutation):
    """Scheme and key may be parted by a colon or a comma."""

    def authenticate(self, request: ServerRequest) -> None:
        values = request.header("authorization")
        if not any(value.lower() in (f"bearer:{self.key.lower()}", f"bearer,{self.key.lower()}") for value in values):
            super().authenticate(request)


class _Elsewhere(Mutation):
    """Base of faults that take the key from another place if the header has none."""

    def place(self, request: ServerRequest) -> list[str]:
        raise NotImplementedError

    def authenticate(self, request: ServerRequest) -> None:
        if self.key not in self.place(request):
            super().authenticate(request)


class KeyInQuery(_Elsewhere):
    """The key is taken from the query parameter `api_key` too."""

    def place(self, request: ServerRequest) -> list[str]:
        return [value for name, value in parse_qsl(request.query.decode("latin-1")) if name == "api_key"]


class KeyInAnyParameter(_Elsewhere):
    """The key is taken from the query parameters `key`, `token` and `access_token` too."""

    def place(self, request: ServerRequest) -> list[str]:
        names = ("key", "token", "access_token")
        return [value for name, value in parse_qsl(request.query.decode("latin-1")) if name in names]


class KeyInApiKeyHeader(_Elsewhere):
    """The key is taken from the header `api-key` too."""

    def place(self, request: ServerRequest) -> list[str]:
        return request.header("api-key")


class KeyInXApiKeyHeader(_Elsewhere):
    """The key is taken from the header `X-API-Key` too."""

    def place(self, request: ServerRequest) -> list[str]:
        return request.header("x-api-key")


class KeyInProxyHeader(_Elsewhere):
    """The key is taken from `Proxy-Authorization` too."""

    def place(self, request: ServerRequest) -> list[str]:
        return [value.partition(" ")[2] for value in request.header("proxy-authorization")]


class KeyInCookie(_Elsewhere):
    """The key is taken from a cookie too."""

    def place(self, request: ServerRequest) -> list[str]:
        return [part.partition("=")[2].strip() for value in request.header("cookie") for part in value.split(";")]


class LocalCallersTrusted(Mutation):
    """A request that claims to be forwarded for this machine is let in."""

    def authenticate(self, request: ServerRequest) -> None:
        if not set(request.header("x-forwarded-for")) & {"127.0.0.1", "localhost", "::1"}:
            super().authenticate(request)


class OnceInAlwaysIn(Mutation):
    """After one request with the right key, those without credentials are let in."""

    def authenticate(self, request: ServerRequest) -> None:
        if request.header("authorization") or not self.state.get("in"):
            super().authenticate(request)
            self.state["in"] = True


class SeenPageOpen(Mutation):
    """A page that was served once is served from a cache, without a look at the key."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        cache: dict[tuple[bytes, bytes], ServerResponse] = self.state.setdefault("open", {})
        target = (request.path, request.query)
        if target in cache and request.method == "GET":
            return cache[target]
        response = super().handle(request)
        if response.status == 200:
            cache[target] = response
        return response


class HeadOpen(Mutation):
    """HEAD needs no key."""

    def authenticate(self, request: ServerRequest) -> None:
        if request.method != "HEAD":
            super().authenticate(request)


class LaterPagesOpen(Mutation):
    """A page after a cursor needs no key."""

    def authenticate(self, request: ServerRequest) -> None:
        if b"after=" not in request.query:
            super().authenticate(request)


class WindowsOpen(Mutation):
    """A page between two cursors needs no key."""

    def authenticate(self, request: ServerRequest) -> None:
        if not (b"after=" in request.query and b"before=" in request.query):
            super().authenticate(request)


class EmptyThreadsOpen(Mutation):
    """A thread without runs needs no key."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        if b"/threads/" in request.path:
            thread = request.path.split(b"/")[-2].decode("latin-1")
            if self.store.has_thread(thread) and not self.store.page(thread, 1, "asc").runs:
                request = _bearer(request, self.key)
        return super().handle(request)


class UnknownThreadsTold(Mutation):
    """Without credentials, an unknown thread is a 404 and a known one a 401."""

    def authenticate(self, request: ServerRequest) -> None:
        thread = self.route(request)
        if not self.store.has_thread(thread):
            raise HTTPError(404, f"No thread found with id '{thread}'.")
        super().authenticate(request)


class ThreadNamedInRefusal(Mutation):
    """An error of credentials says something else where the thread exists."""

    def authenticate(self, request: ServerRequest) -> None:
        try:
            super().authenticate(request)
        except HTTPError as error:
            if self.store.has_thread(self.route(request)):
                error.detail["message"] += " You are not the owner of this thread."
            raise


class _RefusedKey(Mutation):
    """Base of faults in how credentials are refused."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        raise NotImplementedError

    def authenticate(self, request: ServerRequest) -> None:
        try:
            super().authenticate(request)
        except HTTPError as error:
            raise self.changed(error, request) from None


class RefusedWith403(_RefusedKey):
    """Credentials are refused with 403."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.status = 403
        return error


class MissingKeyWith403(_RefusedKey):
    """A missing key is refused with 403, a wrong one with 401."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if not request.header("authorization"):
            error.status = 403
        return error


class MissingKeyWith400(_RefusedKey):
    """A missing key is refused with 400."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if not request.header("authorization"):
            error.status = 400
        return error


class WrongKeyWith404(_RefusedKey):
    """A wrong key is refused as if the thread did not exist."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        return HTTPError(404, f"No thread found with id '{self.route(request)}'.")


class OtherSchemeFails(_RefusedKey):
    """Credentials of another scheme make the server fail."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if any(not value.lower().startswith("bearer") for value in request.header("authorization")):
            return internal_error()
        return error


class ChallengeMissing(_RefusedKey):
    """A 401 has no WWW-Authenticate."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {}
        return error


class ChallengeMissingForWrongKey(_RefusedKey):
    """A 401 for a wrong key has no WWW-Authenticate."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if request.header("authorization"):
            error.headers = {}
        return error


class ChallengeBasic(_RefusedKey):
    """A 401 asks for the basic scheme."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"www-authenticate": 'Basic realm="api"'}
        return error


class TokenInMessage(_RefusedKey):
    """A 401 repeats the token in its message."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if token := _token(request):
            error.detail["message"] = f"Incorrect API key provided: {token}."
        return error


class TokenInChallenge(_RefusedKey):
    """A 401 repeats the token in WWW-Authenticate."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if token := _token(request):
            error.headers = {"www-authenticate": f'Bearer realm="{token}"'}
        return error


class TokenHalfMasked(_RefusedKey):
    """A 401 repeats the token but for its last four characters."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if token := _token(request):
            error.detail["message"] = f"Incorrect API key provided: {token[:-4]}****."
        return error


class KeyGivenAway(_RefusedKey):
    """A 401 says which key is the right one."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.detail["message"] += f" Expected '{self.key}'."
        return error


@mutate_response
def credentials_reflected(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """The Authorization header is repeated in a header of the response."""
    values = request.header("authorization")
    return evolve(response, headers={**response.headers, "x-debug-authorization": values[0]}) if values else response


class RefusedWithPage(Mutation):
    """Wrong credentials get an empty page."""

    def find_page(self, thread: str, query: ListQuery) -> StoredPage:
        page = super().find_page(thread, query)
        return StoredPage([], has_more=False) if self.state.pop("stranger", False) else page

    def authenticate(self, request: ServerRequest) -> None:
        try:
            super().authenticate(request)
        except HTTPError:
            self.state["stranger"] = True


def _token(request: ServerRequest) -> str:
    values = request.header("authorization")
    scheme, _, token = values[0].partition(" ") if values else ("", "", "")
    return token if scheme.lower() == "bearer" else ""


def _without(request: ServerRequest, name: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in request.headers if key.lower() != name]


def _bearer(request: ServerRequest, key: str) -> ServerRequest:
    header = (b"authorization", f"Bearer {key}".encode())
    return evolve(request, headers=[*_without(request, b"authorization"), header])
