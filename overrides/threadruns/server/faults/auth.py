"""Faults of authentication: who is let in, and what a refusal gives away."""
# ruff: noqa: ARG002, D102 - the docstring of the class says what its methods do.

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, unquote

from threadruns.server._deviations import on_answer
from threadruns.server._exchange import Answer, Page, Query, Refusal, Request, evolve, failure
from threadruns.server.faults import Fault


class KeyNotChecked(Fault):
    """Any request is let in, with or without a key."""

    def authenticate(self, request: Request) -> None:
        pass


class KeyAnything(Fault):
    """Any bearer token is accepted."""

    def authenticate(self, request: Request) -> None:
        super().authenticate(_bearer(request, self.key) if _token(request) else request)


class KeyMayBeMissing(Fault):
    """A request without credentials is let in; a wrong key is refused."""

    def authenticate(self, request: Request) -> None:
        if request.header("authorization"):
            super().authenticate(request)


class _Resembling(Fault):
    """Base of faults that accept tokens which resemble the key."""

    def resembles(self, token: str) -> bool:
        raise NotImplementedError

    def authenticate(self, request: Request) -> None:
        super().authenticate(_bearer(request, self.key) if self.resembles(_token(request)) else request)


class KeyBeginning(_Resembling):
    """The beginning of the key is enough."""

    def resembles(self, token: str) -> bool:
        return bool(token) and self.key.startswith(token)


class KeyWithTail(_Resembling):
    """More may follow the key."""

    def resembles(self, token: str) -> bool:
        return token.startswith(self.key)


class KeyFirstWord(_Resembling):
    """The key counts up to the first space."""

    def resembles(self, token: str) -> bool:
        return token.partition(" ")[0] == self.key


class KeyIgnoresCase(_Resembling):
    """The case of the key does not count."""

    def resembles(self, token: str) -> bool:
        return token.lower() == self.key.lower()


class KeyPercentDecoded(_Resembling):
    """Percent signs in the key are taken for an encoding."""

    def resembles(self, token: str) -> bool:
        return unquote(token) == self.key


class KeyCutShort(_Resembling):
    """Only the first seven characters of the key count."""

    def resembles(self, token: str) -> bool:
        return token[:7] == self.key[:7]


class KeyLastCharacter(_Resembling):
    """The last character of the key does not count."""

    def resembles(self, token: str) -> bool:
        return len(token) == len(self.key) and token[:-1] == self.key[:-1]


class KeyQuoted(_Resembling):
    """The key may stand in quotes."""

    def resembles(self, token: str) -> bool:
        return token.strip("\"'") == self.key


class KeyByForm(_Resembling):
    """Any token that begins with `sk-` is accepted."""

    def resembles(self, token: str) -> bool:
        return token.startswith("sk-")


class BearerWithoutToken(Fault):
    """A bearer scheme without a token is accepted."""

    def authenticate(self, request: Request) -> None:
        if not any(value.strip().lower() == "bearer" for value in request.header("authorization")):
            super().authenticate(request)


class SchemeOptional(Fault):
    """The key may stand without a scheme."""

    def authenticate(self, request: Request) -> None:
        if request.header("authorization") != [self.key]:
            super().authenticate(request)


class SchemeAny(Fault):
    """The key is accepted under any scheme."""

    def authenticate(self, request: Request) -> None:
        if not any(value.split(" ")[-1:] == [self.key] and " " in value for value in request.header("authorization")):
            super().authenticate(request)


class SchemeBasic(Fault):
    """The key is accepted as a password of the basic scheme."""

    def authenticate(self, request: Request) -> None:
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


class SchemeMisspelt(Fault):
    """A scheme that begins like `bearer` is accepted, such as `BearerX`."""

    def authenticate(self, request: Request) -> None:
        values = [value.partition(" ") for value in request.header("authorization")]
        if not any(scheme.lower().startswith("bearer") and token == self.key for scheme, _, token in values):
            super().authenticate(request)


class SchemeCaseCounts(Fault):
    """Only `Bearer` is accepted, not `bearer`."""

    def authenticate(self, request: Request) -> None:
        if any(not value.startswith("Bearer ") for value in request.header("authorization")):
            request = evolve(request, headers=_without(request, b"authorization"))
        super().authenticate(request)


class SchemeUpperCaseRefused(Fault):
    """`BEARER` is refused."""

    def authenticate(self, request: Request) -> None:
        if any(value.startswith("BEARER ") for value in request.header("authorization")):
            request = evolve(request, headers=_without(request, b"authorization"))
        super().authenticate(request)


class SeparatorAny(Fault):
    """Scheme and key may be parted by a colon or a comma."""

    def authenticate(self, request: Request) -> None:
        values = request.header("authorization")
        if not any(value.lower() in (f"bearer:{self.key.lower()}", f"bearer,{self.key.lower()}") for value in values):
            super().authenticate(request)


class _Elsewhere(Fault):
    """Base of faults that take the key from another place if the header has none."""

    def place(self, request: Request) -> list[str]:
        raise NotImplementedError

    def authenticate(self, request: Request) -> None:
        if self.key not in self.place(request):
            super().authenticate(request)


class KeyInQuery(_Elsewhere):
    """The key is taken from the query parameter `api_key` too."""

    def place(self, request: Request) -> list[str]:
        return [value for name, value in parse_qsl(request.query.decode("latin-1")) if name == "api_key"]


class KeyInAnyParameter(_Elsewhere):
    """The key is taken from the query parameters `key`, `token` and `access_token` too."""

    def place(self, request: Request) -> list[str]:
        names = ("key", "token", "access_token")
        return [value for name, value in parse_qsl(request.query.decode("latin-1")) if name in names]


class KeyInApiKeyHeader(_Elsewhere):
    """The key is taken from the header `api-key` too."""

    def place(self, request: Request) -> list[str]:
        return request.header("api-key")


class KeyInXApiKeyHeader(_Elsewhere):
    """The key is taken from the header `X-API-Key` too."""

    def place(self, request: Request) -> list[str]:
        return request.header("x-api-key")


class KeyInProxyHeader(_Elsewhere):
    """The key is taken from `Proxy-Authorization` too."""

    def place(self, request: Request) -> list[str]:
        return [value.partition(" ")[2] for value in request.header("proxy-authorization")]


class KeyInCookie(_Elsewhere):
    """The key is taken from a cookie too."""

    def place(self, request: Request) -> list[str]:
        return [part.partition("=")[2].strip() for value in request.header("cookie") for part in value.split(";")]


class LocalCallersTrusted(Fault):
    """A request that claims to be forwarded for this machine is let in."""

    def authenticate(self, request: Request) -> None:
        if not set(request.header("x-forwarded-for")) & {"127.0.0.1", "localhost", "::1"}:
            super().authenticate(request)


class OnceInAlwaysIn(Fault):
    """After one request with the right key, those without credentials are let in."""

    def authenticate(self, request: Request) -> None:
        if request.header("authorization") or not self.memory.get("in"):
            super().authenticate(request)
            self.memory["in"] = True


class SeenPageOpen(Fault):
    """A page that was served once is served from a cache, without a look at the key."""

    def answer(self, request: Request) -> Answer:
        cache: dict[tuple[bytes, bytes], Answer] = self.memory.setdefault("open", {})
        target = (request.path, request.query)
        if target in cache and request.method == "GET":
            return cache[target]
        answer = super().answer(request)
        if answer.status == 200:
            cache[target] = answer
        return answer


class HeadOpen(Fault):
    """HEAD needs no key."""

    def authenticate(self, request: Request) -> None:
        if request.method != "HEAD":
            super().authenticate(request)


class LaterPagesOpen(Fault):
    """A page after a cursor needs no key."""

    def authenticate(self, request: Request) -> None:
        if b"after=" not in request.query:
            super().authenticate(request)


class WindowsOpen(Fault):
    """A page between two cursors needs no key."""

    def authenticate(self, request: Request) -> None:
        if not (b"after=" in request.query and b"before=" in request.query):
            super().authenticate(request)


class EmptyThreadsOpen(Fault):
    """A thread without runs needs no key."""

    def answer(self, request: Request) -> Answer:
        if b"/threads/" in request.path:
            thread = request.path.split(b"/")[-2].decode("latin-1")
            if self.store.knows(thread) and not self.store.page(thread, 1, "asc").runs:
                request = _bearer(request, self.key)
        return super().answer(request)


class UnknownThreadsTold(Fault):
    """Without credentials, an unknown thread is a 404 and a known one a 401."""

    def authenticate(self, request: Request) -> None:
        thread = self.route(request)
        if not self.store.knows(thread):
            raise Refusal(404, f"No thread found with id '{thread}'.")
        super().authenticate(request)


class ThreadNamedInRefusal(Fault):
    """A refusal of credentials says something else where the thread exists."""

    def authenticate(self, request: Request) -> None:
        try:
            super().authenticate(request)
        except Refusal as refusal:
            if self.store.knows(self.route(request)):
                refusal.detail["message"] += " You are not the owner of this thread."
            raise


class _Refused(Fault):
    """Base of faults in how credentials are refused."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        raise NotImplementedError

    def authenticate(self, request: Request) -> None:
        try:
            super().authenticate(request)
        except Refusal as refusal:
            raise self.changed(refusal, request) from None


class RefusedWith403(_Refused):
    """Credentials are refused with 403."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.status = 403
        return refusal


class MissingKeyWith403(_Refused):
    """A missing key is refused with 403, a wrong one with 401."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if not request.header("authorization"):
            refusal.status = 403
        return refusal


class MissingKeyWith400(_Refused):
    """A missing key is refused with 400."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if not request.header("authorization"):
            refusal.status = 400
        return refusal


class WrongKeyWith404(_Refused):
    """A wrong key is refused as if the thread did not exist."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        return Refusal(404, f"No thread found with id '{self.route(request)}'.")


class OtherSchemeFails(_Refused):
    """Credentials of another scheme make the server fail."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if any(not value.lower().startswith("bearer") for value in request.header("authorization")):
            return failure()
        return refusal


class ChallengeMissing(_Refused):
    """A 401 has no WWW-Authenticate."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.headers = {}
        return refusal


class ChallengeMissingForWrongKey(_Refused):
    """A 401 for a wrong key has no WWW-Authenticate."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if request.header("authorization"):
            refusal.headers = {}
        return refusal


class ChallengeBasic(_Refused):
    """A 401 asks for the basic scheme."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.headers = {"www-authenticate": 'Basic realm="api"'}
        return refusal


class TokenInMessage(_Refused):
    """A 401 repeats the token in its message."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if token := _token(request):
            refusal.detail["message"] = f"Incorrect API key provided: {token}."
        return refusal


class TokenInChallenge(_Refused):
    """A 401 repeats the token in WWW-Authenticate."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if token := _token(request):
            refusal.headers = {"www-authenticate": f'Bearer realm="{token}"'}
        return refusal


class TokenHalfMasked(_Refused):
    """A 401 repeats the token but for its last four characters."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        if token := _token(request):
            refusal.detail["message"] = f"Incorrect API key provided: {token[:-4]}****."
        return refusal


class KeyGivenAway(_Refused):
    """A 401 says which key is the right one."""

    def changed(self, refusal: Refusal, request: Request) -> Refusal:
        refusal.detail["message"] += f" Expected '{self.key}'."
        return refusal


@on_answer
def credentials_reflected(answer: Answer, request: Request) -> Answer:
    """The Authorization header is repeated in a header of the answer."""
    values = request.header("authorization")
    return evolve(answer, headers={**answer.headers, "x-debug-authorization": values[0]}) if values else answer


class RefusedWithPage(Fault):
    """Wrong credentials get an empty page."""

    def select(self, thread: str, query: Query) -> Page:
        page = super().select(thread, query)
        return Page([], has_more=False) if self.memory.pop("stranger", False) else page

    def authenticate(self, request: Request) -> None:
        try:
            super().authenticate(request)
        except Refusal:
            self.memory["stranger"] = True


def _token(request: Request) -> str:
    values = request.header("authorization")
    scheme, _, token = values[0].partition(" ") if values else ("", "", "")
    return token if scheme.lower() == "bearer" else ""


def _without(request: Request, name: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in request.headers if key.lower() != name]


def _bearer(request: Request, key: str) -> Request:
    header = (b"authorization", f"Bearer {key}".encode())
    return evolve(request, headers=[*_without(request, b"authorization"), header])
