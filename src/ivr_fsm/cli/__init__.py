"""The command line of ``ivr-fsm``."""

from __future__ import annotations

import typer

from ivr_fsm.cli import serving

app = typer.Typer(
    help="Answers a company's calls on FreeSWITCH, one explicit state machine per call.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (serving.serve, serving.demo, serving.check, serving.diagram):
    app.command()(command)
