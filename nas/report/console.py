"""The manners of the command line: one line for bad input, tables on stdout, exit codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from nas.errors import InfeasibleError, NasError

BAD_INPUT, INFEASIBLE, INTERRUPTED = 2, 3, 130
WIDEST = 1000  # columns of a table

USAGE_ERROR: Any = typer.BadParameter.__base__  # click's UsageError, which typer does not export


class App(typer.Typer):
    """A typer application whose bad input is one line on stderr and an exit code, never a traceback."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and exit."""
        try:
            code = super().__call__(*args, standalone_mode=False, **kwargs)
            if code == INTERRUPTED:  # what typer makes of a Ctrl-C, in silence
                fail("stopped", INTERRUPTED)
            sys.exit(code)
        except NasError as error:
            fail(str(error), INFEASIBLE if isinstance(error, InfeasibleError) else BAD_INPUT)
        except (typer.Abort, KeyboardInterrupt):
            fail("stopped", INTERRUPTED)
        except BrokenPipeError:  # the reader of a pipe (head, less) has left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except OSError as error:  # a full disk, a closed terminal
            fail(f"cannot write: {error.strerror or error}", 1)
        except USAGE_ERROR as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                typer.echo(error.ctx.get_help(), err=True)
                sys.exit(BAD_INPUT)
            fail(_usage(error), BAD_INPUT)


class DefaultGroup(TyperGroup):
    """A group in which anything but a command's name is meant for its first command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Name the first command where none is named."""
        if not args or args[0] not in self.commands:
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)


def group(about: str, cls: type[TyperGroup] | None = None) -> App:
    """An application or a group of commands."""
    more: dict[str, Any] = {} if cls is None else {"cls": cls}
    return App(help=about, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, **more)


def _usage(error: Any) -> str:
    """What is wrong with the command line, and where to read on."""
    path = error.ctx.command_path if error.ctx else "nascli"
    return f"{str(error.format_message()).rstrip('.')} (see {path} --help)"


def fail(message: str, code: int) -> NoReturn:
    """One line on stderr, and the exit code."""
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    if code == INTERRUPTED:  # a second Ctrl-C while Python waits for threads would hang or print a traceback
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def show(*parts: object) -> None:
    """Print rich renderables or text on stdout; a table is as wide as its cells, whatever the terminal."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True, width=WIDEST)
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    typer.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def show_json(value: dict[str, Any]) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(value, indent=2))


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """A Ctrl-C says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        fail(f"stopped; to go on: {command}", INTERRUPTED)
