"""The command line, the only package that prints or exits.

Each command is a module here that is imported when it is asked for, so that ``threadruns --help`` stays fast and a
command only needs the extra that it uses.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec

from threadruns._extras import missing

COMMANDS = {
    "list": "List the runs of a thread as a table, JSON lines or CSV.",
    "serve": "Run the reference server.",
    "load": "Load runs from files into a database.",
    "convert": "Copy runs between databases and files of JSON lines.",
    "verify": "Find damaged runs in a database.",
    "synth": "Generate synthetic runs, valid against the document.",
    "check": "Check a server against the contract.",
    "document": "Print the OpenAPI document or its path.",
}
"""The commands by name, with their line in ``--help``; ``_cli/NAME.py`` defines ``command``."""

EXTRAS = {
    "serve": "server",
    "load": "server",
    "convert": "server",
    "verify": "server",
    "synth": "server",
    "check": "contract",
}
"""The extra that a command needs; ``cli`` unless it is here."""

LIBRARIES = {"cli": ["rich"], "server": ["rich", "jsonschema_rs", "httptools"], "contract": ["rich", "schemathesis"]}
"""The libraries that show whether an extra is installed.

They are checked before a command runs, because some of them are imported only while it runs.
"""


def main() -> None:
    """Run the command line; the entry point of the ``threadruns`` script."""
    try:
        import click
    except ModuleNotFoundError as error:
        print(f"threadruns: {missing(error, 'The command line', 'cli')}", file=sys.stderr)
        sys.exit(4)
    from threadruns._cli._output import Failure, can_report

    class Commands(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return list(COMMANDS)

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            if cmd_name not in COMMANDS:
                return None
            extra = EXTRAS.get(cmd_name, "cli")
            try:
                for library in LIBRARIES[extra]:
                    if find_spec(library) is None:
                        raise ModuleNotFoundError(name=library)
                module = importlib.import_module(f"threadruns._cli.{cmd_name}")
            except ModuleNotFoundError as error:
                if error.name is None or error.name.startswith("threadruns"):
                    raise
                raise Failure(missing(error, f"'{cmd_name}'", extra)) from None
            command: click.Command = module.command
            return command

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            # click would import every command to show its help.
            with formatter.section("Commands"):
                formatter.write_dl(list(COMMANDS.items()))

    @click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(package_name="threadruns", prog_name="threadruns")
    def cli() -> None:
        """Client, reference server and contract check for the list-runs endpoint of the Assistants API (v1).

        \b
        threadruns serve --load runs.json       run a reference server
        threadruns check URL --thread ID        check a server against the contract
        threadruns list THREAD_ID               list the runs of a thread
        """

    try:
        code = cli.main(prog_name="threadruns", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        if can_report():
            click.echo("Interrupted.", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
