"""``manage.py dockerflow``: the heartbeat, the settings and the version object for people."""

from __future__ import annotations

import argparse
import json
import os
import textwrap
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dockerflow.conf import Conf, Setting, conf
from dockerflow.conf.dotted import OWN
from dockerflow.django import runner
from dockerflow.django.draining import existing_file
from dockerflow.django.views import current_version
from dockerflow.heartbeat import changes
from dockerflow.heartbeat.report import LEVELS, Report, status
from dockerflow.logging.console import escaped_controls
from dockerflow.scrub import scrub

PAUSE = 0.5  # seconds between two tries


class Command(BaseCommand):
    help = "Runs the heartbeat's checks here, or shows the settings or the version object."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        subcommands = parser.add_subparsers(dest="subcommand", required=True)
        beat = subcommands.add_parser(
            "heartbeat", help="run the checks; exit status 0 for passed, 1 for failed"
        )
        beat.add_argument("--json", action="store_true", help="what /__heartbeat__ says, in full")
        beat.add_argument(
            "--wait", type=_seconds, default=0.0, metavar="SECONDS", help="try until they pass"
        )
        settings = subcommands.add_parser(
            "settings", help="every setting with its value, its source, its default and its kind"
        )
        form = settings.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="as a JSON object")
        form.add_argument(
            "--env-example", action="store_true", help="as a commented .env of the defaults"
        )
        subcommands.add_parser("version", help="the version object that /__version__ serves")

    def handle(self, *args: Any, subcommand: str, **options: Any) -> None:
        getattr(self, subcommand)(**options)

    def heartbeat(self, *, json: bool, wait: float, verbosity: int, **options: Any) -> None:
        if verbosity < 2:
            changes.logger.addFilter(_drop)  # the command prints it, but for the tracebacks
        try:
            report = self._passed_or_last(wait)
        finally:
            changes.logger.removeFilter(_drop)
        drain_file = existing_file()
        if json:
            body = report.as_dict(details=True)
            if drain_file is not None:
                body |= {"status": "draining", "drain_file": str(drain_file)}
            self._write_json(body)
        else:
            self._write_report(report)
            if drain_file is not None:
                text = f"draining: {drain_file} exists, so that /__heartbeat__ fails"
                self.stdout.write(self.style.WARNING(text))
        self.stdout.flush()  # before the error, also where both are in one pipe
        if failing := _failing(report):
            raise CommandError(f"The heartbeat failed: {failing}", returncode=1)

    def _passed_or_last(self, wait: float) -> Report:
        end = time.monotonic() + wait
        timeout = conf.DOCKERFLOW_HEARTBEAT_TIMEOUT
        while True:
            left = max(end - time.monotonic(), PAUSE)
            report = runner.run(timeout=min(timeout, left) if wait else timeout, ttl=0).report
            failing, left = _failing(report), end - time.monotonic()
            if not failing or left <= 0:
                self._progress("")
                return report
            self._progress(f"{wait - left:.0f} s of {wait:g} s: {failing}")
            time.sleep(min(PAUSE, left))

    def _progress(self, text: str) -> None:
        """One line on a terminal, which the next one replaces."""
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{text}", ending="")
            self.stderr.flush()

    def _write_report(self, report: Report) -> None:
        styles = [
            (LEVELS["error"], self.style.ERROR),
            (LEVELS["warning"], self.style.WARNING),
        ]
        names = _names(report)
        width = max(map(len, names), default=0)
        for name, result in zip(names, report.results, strict=True):
            reached = (style for level, style in styles if result.level >= level)
            style = next(reached, self.style.SUCCESS)
            optional = "" if result.check.required else "  (optional)"
            shown = style(f"{status(result.level):8}")
            self.stdout.write(f"{name:{width}}  {shown} {result.duration_ms:10} ms{optional}")
            for message in result.messages:
                self._write_lines(f"    {message.id}: {message.msg}")
                if message.advice:
                    self._write_lines(f"        {message.advice}")

    def _write_lines(self, text: str) -> None:
        """Write what may quote a server; it does nothing to the terminal."""
        self.stdout.write("\n".join(map(escaped_controls, text.split("\n"))))

    def settings(self, *, json: bool, env_example: bool, **options: Any) -> None:
        if env_example:
            # A file in BASE_DIR does not say where BASE_DIR is.
            settings = [setting for setting in conf if setting.name != "BASE_DIR"]
            self.stdout.write("\n\n".join(_env_entry(setting) for setting in settings))
        elif json:
            self._write_json({setting.name: _plain(setting) for setting in conf})
        else:
            for setting in conf:
                value, source = conf.resolve(setting)
                self.stdout.write(f"{self.style.MIGRATE_HEADING(setting.name)} ({source})")
                for line in _lines(setting, value):
                    self.stdout.write(f"    {line}")
                default = ", ".join(_lines(setting, setting.default))
                self.stdout.write(f"    {setting.kind.expected}; default {default}")
            without_effect = conf.unknown_names() + conf.ignored_files() + conf.ignored_lines()
            if without_effect:
                self.stdout.write(self.style.WARNING("Without effect"))
            for sentence in without_effect:
                self.stdout.write(f"    {sentence}")

    def version(self, **options: Any) -> None:
        try:
            version_object = current_version()
            text = json.dumps(version_object and dict(version_object), indent=2, allow_nan=False)
        except (Exception, SystemExit) as error:
            callback, reason = conf.DOCKERFLOW_VERSION_CALLBACK, str(error)
            if callback != Conf.DOCKERFLOW_VERSION_CALLBACK.default:
                reason = f"{callback}: {type(error).__name__}: {error}"
            raise CommandError(scrub(reason), returncode=1) from error
        if version_object is None:
            raise CommandError(f"{conf.BASE_DIR} has no version object", returncode=1)
        self.stdout.write(text)

    def _write_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, indent=2))


def _drop(record: object) -> bool:
    return False


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _names(report: Report) -> list[str]:
    """The names of the checks; with the subject where a check has more than one."""
    several = {name for name, results in report.by_name.items() if len(results) > 1}
    checks = [result.check for result in report.results]
    return [check.label if check.name in several else check.name for check in checks]


def _failing(report: Report) -> str:
    """The required checks that fail the heartbeat, with their status."""
    return ", ".join(
        f"{name} ({status(result.level)})"
        for name, result in zip(_names(report), report.results, strict=True)
        if result.check.required and result.level >= report.fail_level
    )


def _lines(setting: Setting[Any], value: Any) -> list[str]:
    """The value for people; of a list the items, Dockerflow's own checks by their names."""
    if isinstance(value, list) and value:
        return [scrub(item.removeprefix(f"{OWN}.")) for item in value]
    return [setting.show(value)]


def _plain(setting: Setting[Any]) -> dict[str, Any]:
    value, source = conf.resolve(setting)
    return {
        "value": "(hidden)" if setting.secret and value is not None else _jsonable(value),
        "source": source,
        "default": _jsonable(setting.default),
        "kind": setting.kind.expected,
    }


def _jsonable(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(scrub, value))
    return str(value) if isinstance(value, os.PathLike) else value


def _env_entry(setting: Setting[Any]) -> str:
    comments = textwrap.wrap(setting.help.replace("``", ""), 77)
    comments += textwrap.wrap(f"Takes {setting.kind.expected}.", 77)
    return "\n".join(f"# {line}" for line in comments) + (
        f"\n#{setting.name}={_env_text(setting.default)}"
    )


def _env_text(value: Any) -> str:
    """The text from which an environment variable is read as ``value``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value) or "[]"
    return f"{value:g}" if isinstance(value, float) else str(value)
