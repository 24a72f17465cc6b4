"""``threadruns serve``: the reference server in the foreground."""

from __future__ import annotations

import ipaddress
import json
import logging
import secrets
import signal
import socket
import time
from collections.abc import Iterable
from types import FrameType
from urllib.parse import quote

import click

from threadruns._cli.load import load_file
from threadruns._document import document
from threadruns.server._dialects import endpoint_class
from threadruns.server._server import AppServer, listen
from threadruns.server._store import Store, StoreError
from threadruns.testing._application import mutated_application
from threadruns.testing._schedule import UnknownMutation
from threadruns.testing.faults import FAULTS
from threadruns.testing.mutations import Mutation
from threadruns.testing.variations import VARIATIONS


def _print_catalogue(mutations: Iterable[type[Mutation]]) -> None:
    for mutation in mutations:
        click.echo(f"{mutation.name:34}{mutation.group:11}{mutation.description}")


def _list_faults(ctx: click.Context, _: click.Parameter, group: str | None) -> None:
    if group is not None:
        _print_catalogue(fault for fault in FAULTS.values() if group in (fault.group, "all"))
        ctx.exit()


def _list_variations(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        _print_catalogue(VARIATIONS.values())
        ctx.exit()


@click.command()
@click.option("--load", "files", multiple=True, metavar="FILE", help="Read runs first, as `threadruns load` does.")
@click.option("--example", is_flag=True, help="Serve the two runs of the documented example, thread_abc123.")
@click.option("--db", type=click.Path(dir_okay=False), help="Keep the runs in this file; in memory without it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--api-key", metavar="KEY", help="The key that callers must send; one is made without it.")
@click.option("--permissive", is_flag=True, help="Accept any key, thread, cursor, limit and beta header.")
@click.option("--azure", is_flag=True, help="ServerResponse in Azure's form, below /openai.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help="Misbehave: NAME, NAME:every=3, NAME:first=2 or NAME:p=0.2.",
)
@click.option("--variation", "variations", multiple=True, metavar="NAME", help="Differ in a way that is correct.")
@click.option("--seed", default=0, show_default=True, help="Decides what faults leave to chance.")
@click.option("--quiet", is_flag=True, help="Log nothing but errors.")
@click.option(
    "--list-faults",
    is_flag=False,
    flag_value="all",
    metavar="[GROUP]",
    type=click.Choice(["all", *dict.fromkeys(fault.group for fault in FAULTS.values())]),
    is_eager=True,
    expose_value=False,
    callback=_list_faults,
    help="List the faults, or those of one group, and exit.",
)
@click.option(
    "--list-variations",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_variations,
    help="List the variations and exit.",
)
def command(
    files: tuple[str, ...],
    example: bool,
    db: str | None,
    host: str,
    port: int,
    api_key: str | None,
    permissive: bool,
    azure: bool,
    faults: tuple[str, ...],
    variations: tuple[str, ...],
    seed: int,
    quiet: bool,
) -> None:
    """Run the reference server until it is interrupted.

    It keeps the contract of the document over the runs of a file or a database, and breaks it in named ways on demand.
    The access log goes to standard error, a line of JSON for each request.

    \b
    threadruns serve --example --api-key sk-demo
    threadruns serve --load runs.jsonl
    threadruns serve --db runs.db --port 0 --fault has-more-always-true
    """
    if api_key == "":
        raise click.UsageError("The API key is empty; give one, or leave --api-key out to have one made.")
    if api_key is None and not _is_loopback(host):
        raise click.UsageError(
            f"Listening on {host!r} shows the runs to other machines; to do it on purpose, set a key with --api-key."
        )
    key = api_key or f"sk-{secrets.token_hex(24)}"
    try:
        store = Store(db)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    try:
        app = mutated_application(
            store, key, permissive=permissive, azure=azure, faults=faults, variations=variations, seed=seed
        )
        server = AppServer(app, listen(host, port))
        if example:
            store.add(document()["components"]["examples"]["DocumentedPage"]["value"]["data"])
        if not all(load_file(store, path) for path in files):
            raise SystemExit(1)
        _log(quiet)
        _greet(server.address, store, key, made=api_key is None, azure=azure)
        signal.signal(signal.SIGINT, _stopped)
        signal.signal(signal.SIGTERM, _stopped)
        server.run()
    except UnknownMutation as error:
        raise click.UsageError(str(error)) from error
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        advice = "choose another --host or --port (0 takes a free one)"
        raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror or error}; {advice}.") from error
    finally:
        store.close()


def _is_loopback(host: str) -> bool:
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return True  # It is no address at all, and binding says so better.
    return all(ipaddress.ip_address(str(address).partition("%")[0]).is_loopback for address in addresses)


def _stopped(_: int, __: FrameType | None) -> None:
    # uvicorn raises the signal again once it has finished what was in flight; a stop on request is no internal_error.
    raise SystemExit(0)


def _greet(address: tuple[str, int], store: Store, key: str, *, made: bool, azure: bool) -> None:
    runs, threads, example = store.summary()
    host, port = address
    root = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    base = f"{root}{endpoint_class(azure=azure).base}"
    click.echo(f"Serving {_count(runs, 'run')} of {_count(threads, 'thread')} at {base}")
    click.echo(f"Documentation: {root}/docs")
    if made:
        click.echo(f"API key, made for this run: {key}")
    if example is None:
        click.echo("There are no runs yet; give some with --load FILE, or load them into the --db that is served.")
        return
    shown = key if made else "$OPENAI_API_KEY"
    url = f"{base}/threads/{quote(example, safe='')}/runs"
    if azure:
        click.echo(f'Try: curl "{url}?api-version=2024-02-15-preview&limit=2" -H "api-key: {shown}"')
    else:
        headers = f'-H "OpenAI-Beta: assistants=v1" -H "Authorization: Bearer {shown}"'
        click.echo(f'Try: curl "{url}?limit=2" {headers}')


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


class _JsonLines(logging.Formatter):
    """One JSON object a line; the access log's messages are such lines already."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.name == "threadruns.access":
            return message
        if record.exc_info:
            message = f"{message} {self.formatException(record.exc_info)}"
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "message": message,
        }
        return json.dumps(entry)


def _log(quiet: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.ERROR if quiet else logging.WARNING)
    logging.getLogger("threadruns.access").setLevel(logging.WARNING if quiet else logging.INFO)
