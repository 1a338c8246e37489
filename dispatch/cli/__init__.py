"""The command line: parse, call one verb, print. Heavy modules are imported by the verb that needs them."""

from dispatch.cli.main import app, run_cli

__all__ = ["app", "run_cli"]
