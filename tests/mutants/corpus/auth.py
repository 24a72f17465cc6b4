"""Faults of authentication: credentials that are wrongly accepted or refused, and secrets in errors."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

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
    """Any request is accepted, with or without a key."""

    def authenticate(self, request: ServerRequest) -> None:
        pass


class KeyAnyToken(Mutation):
    """Any bearer token is accepted."""

    def authenticate(self, request: ServerRequest) -> None:
        super().authenticate(_bearer(request, self.key) if _token(request) else request)


class KeyMayBeMissing(Mutation):
    """A request without credentials is accepted; a wrong key is refused."""

    def authenticate(self, request: ServerRequest) -> None:
        if request.header("authorization"):
            super().authenticate(request)


class _SimilarKey(Mutation):
    """Base class of faults that accept tokens similar to the key."""

    def resembles(self, token: str) -> bool:
        raise NotImplementedError

    def authenticate(self, request: ServerRequest) -> None:
        super().authenticate(_bearer(request, self.key) if self.resembles(_token(request)) else request)


class KeyPrefix(_SimilarKey):
    """A prefix of the key is accepted."""

    def resembles(self, token: str) -> bool:
        return bool(token) and self.key.startswith(token)


class KeyWithSuffix(_SimilarKey):
    """Additional characters after the key are accepted."""

    def resembles(self, token: str) -> bool:
        return token.startswith(self.key)


class KeyBeforeSpace(_SimilarKey):
    """Only the part of the token before the first space is compared."""

    def resembles(self, token: str) -> bool:
        return token.partition(" ")[0] == self.key


class KeyIgnoresCase(_SimilarKey):
    """The key is compared without case."""

    def resembles(self, token: str) -> bool:
        return token.lower() == self.key.lower()


class KeyPercentDecoded(_SimilarKey):
    """The token is percent-decoded before the comparison."""

    def resembles(self, token: str) -> bool:
        return unquote(token) == self.key


class KeyFirstSeven(_SimilarKey):
    """Only the first seven characters of the key are compared."""

    def resembles(self, token: str) -> bool:
        return token[:7] == self.key[:7]


class KeyLastCharacterIgnored(_SimilarKey):
    """The last character of the key is not compared."""

    def resembles(self, token: str) -> bool:
        return len(token) == len(self.key) and token[:-1] == self.key[:-1]


class KeyQuoted(_SimilarKey):
    """The key is accepted in quotation marks."""

    def resembles(self, token: str) -> bool:
        return token.strip("\"'") == self.key


class KeyAnySk(_SimilarKey):
    """Any token that begins with `sk-` is accepted."""

    def resembles(self, token: str) -> bool:
        return token.startswith("sk-")


class BearerWithoutToken(Mutation):
    """The scheme `Bearer` without a token is accepted."""

    def authenticate(self, request: ServerRequest) -> None:
        if not any(value.strip().lower() == "bearer" for value in request.header("authorization")):
            super().authenticate(request)


class SchemeOptional(Mutation):
    """The key is accepted without a scheme."""

    def authenticate(self, request: ServerRequest) -> None:
        if request.header("authorization") != [self.key]:
            super().authenticate(request)


class SchemeAny(Mutation):
    """The key is accepted with any scheme."""

    def authenticate(self, request: ServerRequest) -> None:
        if not any(value.split(" ")[-1:] == [self.key] and " " in value for value in request.header("authorization")):
            super().authenticate(request)


class SchemeBasic(Mutation):
    """The key is accepted as the password of basic authentication."""

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


class SchemePrefix(Mutation):
    """A scheme that starts with `bearer` is accepted, such as `BearerX`."""

    def authenticate(self, request: ServerRequest) -> None:
        values = [value.partition(" ") for value in request.header("authorization")]
        if not any(scheme.lower().startswith("bearer") and token == self.key for scheme, _, token in values):
            super().authenticate(request)


class SchemeLowerCaseRefused(Mutation):
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
    """A colon or a comma between scheme and key is accepted."""

    def authenticate(self, request: ServerRequest) -> None:
        values = request.header("authorization")
        if not any(value.lower() in (f"bearer:{self.key.lower()}", f"bearer,{self.key.lower()}") for value in values):
            super().authenticate(request)


class _KeyElsewhere(Mutation):
    """Base class of faults that also accept the key in another place."""

    def place(self, request: ServerRequest) -> list[str]:
        raise NotImplementedError

    def authenticate(self, request: ServerRequest) -> None:
        if self.key not in self.place(request):
            super().authenticate(request)


class KeyInQuery(_KeyElsewhere):
    """The key is also accepted in the query parameter `api_key`."""

    def place(self, request: ServerRequest) -> list[str]:
        return [value for name, value in parse_qsl(request.query.decode("latin-1")) if name == "api_key"]


class KeyInAnyParameter(_KeyElsewhere):
    """The key is also accepted in the query parameters `key`, `token` and `access_token`."""

    def place(self, request: ServerRequest) -> list[str]:
        names = ("key", "token", "access_token")
        return [value for name, value in parse_qsl(request.query.decode("latin-1")) if name in names]


class KeyInApiKeyHeader(_KeyElsewhere):
    """The key is also accepted in the header `api-key`."""

    def place(self, request: ServerRequest) -> list[str]:
        return request.header("api-key")


class KeyInXApiKeyHeader(_KeyElsewhere):
    """The key is also accepted in the header `X-API-Key`."""

    def place(self, request: ServerRequest) -> list[str]:
        return request.header("x-api-key")


class KeyInProxyHeader(_KeyElsewhere):
    """The key is also accepted in `Proxy-Authorization`."""

    def place(self, request: ServerRequest) -> list[str]:
        return [value.partition(" ")[2] for value in request.header("proxy-authorization")]


class KeyInCookie(_KeyElsewhere):
    """The key is also accepted in a cookie."""

    def place(self, request: ServerRequest) -> list[str]:
        return [part.partition("=")[2].strip() for value in request.header("cookie") for part in value.split(";")]


class ForwardedLoopbackTrusted(Mutation):
    """A request with a loopback address in `X-Forwarded-For` is accepted without credentials."""

    def authenticate(self, request: ServerRequest) -> None:
        if not set(request.header("x-forwarded-for")) & {"127.0.0.1", "localhost", "::1"}:
            super().authenticate(request)


class LoginRemembered(Mutation):
    """After one authenticated request, requests without credentials are accepted."""

    def authenticate(self, request: ServerRequest) -> None:
        if request.header("authorization") or not self.state.get("in"):
            super().authenticate(request)
            self.state["in"] = True


class CachedPageUnauthenticated(Mutation):
    """A page is cached and served again without authentication."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        cache: dict[tuple[bytes, bytes], ServerResponse] = self.state.setdefault("open", {})
        target = (request.path, request.query)
        if target in cache and request.method == "GET":
            return cache[target]
        response = super().handle(request)
        if response.status == 200:
            cache[target] = response
        return response


class HeadUnauthenticated(Mutation):
    """HEAD is not authenticated."""

    def authenticate(self, request: ServerRequest) -> None:
        if request.method != "HEAD":
            super().authenticate(request)


class AfterUnauthenticated(Mutation):
    """A page after a cursor is not authenticated."""

    def authenticate(self, request: ServerRequest) -> None:
        if b"after=" not in request.query:
            super().authenticate(request)


class BothCursorsUnauthenticated(Mutation):
    """A page between two cursors is not authenticated."""

    def authenticate(self, request: ServerRequest) -> None:
        if not (b"after=" in request.query and b"before=" in request.query):
            super().authenticate(request)


class EmptyThreadUnauthenticated(Mutation):
    """A thread without runs is not authenticated."""

    def handle(self, request: ServerRequest) -> ServerResponse:
        if b"/threads/" in request.path:
            thread = request.path.split(b"/")[-2].decode("latin-1")
            if self.store.has_thread(thread) and not self.store.page(thread, 1, "asc").runs:
                request = _bearer(request, self.key)
        return super().handle(request)


class UnknownThreadUnauthenticated(Mutation):
    """Without credentials, an unknown thread gives 404 and a known one 401."""

    def authenticate(self, request: ServerRequest) -> None:
        thread = self.route(request)
        if not self.store.has_thread(thread):
            raise HTTPError(404, f"No thread found with id '{thread}'.")
        super().authenticate(request)


class ThreadExistenceInMessage(Mutation):
    """A 401 has another message if the thread exists."""

    def authenticate(self, request: ServerRequest) -> None:
        try:
            super().authenticate(request)
        except HTTPError as error:
            if self.store.has_thread(self.route(request)):
                error.detail["message"] += " You are not the owner of this thread."
            raise


class _UnauthorizedMutation(Mutation):
    """Base class of faults in the response to wrong credentials."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        raise NotImplementedError

    def authenticate(self, request: ServerRequest) -> None:
        try:
            super().authenticate(request)
        except HTTPError as error:
            raise self.changed(error, request) from None


class UnauthorizedWith403(_UnauthorizedMutation):
    """Wrong credentials give 403."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.status = 403
        return error


class MissingKeyWith403(_UnauthorizedMutation):
    """A missing key gives 403, a wrong one 401."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if not request.header("authorization"):
            error.status = 403
        return error


class MissingKeyWith400(_UnauthorizedMutation):
    """A missing key gives 400."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if not request.header("authorization"):
            error.status = 400
        return error


class WrongKeyWith404(_UnauthorizedMutation):
    """A wrong key gives 404, as if the thread did not exist."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        return HTTPError(404, f"No thread found with id '{self.route(request)}'.")


class OtherSchemeWith500(_UnauthorizedMutation):
    """Credentials with another scheme give 500."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if any(not value.lower().startswith("bearer") for value in request.header("authorization")):
            return internal_error()
        return error


class ChallengeMissing(_UnauthorizedMutation):
    """A 401 lacks WWW-Authenticate."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {}
        return error


class ChallengeMissingForWrongKey(_UnauthorizedMutation):
    """A 401 for a wrong key lacks WWW-Authenticate."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if request.header("authorization"):
            error.headers = {}
        return error


class ChallengeBasic(_UnauthorizedMutation):
    """WWW-Authenticate of a 401 names the basic scheme."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.headers = {"www-authenticate": 'Basic realm="api"'}
        return error


class TokenInMessage(_UnauthorizedMutation):
    """The message of a 401 contains the token."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if token := _token(request):
            error.detail["message"] = f"Incorrect API key provided: {token}."
        return error


class TokenInChallenge(_UnauthorizedMutation):
    """WWW-Authenticate of a 401 contains the token."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if token := _token(request):
            error.headers = {"www-authenticate": f'Bearer realm="{token}"'}
        return error


class TokenPartlyMasked(_UnauthorizedMutation):
    """The message of a 401 contains the token except its last four characters."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        if token := _token(request):
            error.detail["message"] = f"Incorrect API key provided: {token[:-4]}****."
        return error


class KeyInMessage(_UnauthorizedMutation):
    """The message of a 401 contains the correct key."""

    def changed(self, error: HTTPError, request: ServerRequest) -> HTTPError:
        error.detail["message"] += f" Expected '{self.key}'."
        return error


@mutate_response
def credentials_reflected(response: ServerResponse, request: ServerRequest) -> ServerResponse:
    """A header of the response contains the Authorization header of the request."""
    values = request.header("authorization")
    return evolve(response, headers={**response.headers, "x-debug-authorization": values[0]}) if values else response


class UnauthorizedEmptyPage(Mutation):
    """Wrong credentials give an empty page."""

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
