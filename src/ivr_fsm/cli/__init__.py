"""The command line of ``ivr-fsm``."""

from __future__ import annotations

import typer

from ivr_fsm.cli import calls, inspecting, keeping, playing, replaying, serving, stub, tailing

app = typer.Typer(
    help="Answers a company's calls on FreeSWITCH, one explicit state machine per call.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (serving.serve, playing.demo, serving.check, serving.diagram):
    app.command()(command)
for reading in (calls.calls, calls.show, tailing.tail):
    app.command()(reading)
app.command()(inspecting.inspect)
app.command("replay")(replaying.replay_command)
for keeps in (keeping.export, keeping.forget, keeping.prune, keeping.migrate):
    app.command()(keeps)
app.command("import")(keeping.import_)
app.command()(stub.marketplace_stub)
