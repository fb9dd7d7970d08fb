"""What a run of ansible-playbook does, as one JSON object a line, on the file descriptor that Blackstart opened.

The human-readable output stays on stdout, in the run's log. src/exec/ansible-events.ts reads these lines.
"""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: blackstart_events
type: notification
short_description: JSON lines for Blackstart
description: Writes plays, tasks, each host's results and the final counts to BLACKSTART_EVENTS_FD.
requirements:
  - BLACKSTART_EVENTS_FD names an open file descriptor
options: {}
"""

MESSAGE_LIMIT = 2000


def message_of(result):
    """Why a task failed on a host: its message, a failed item's message, and what the program wrote last."""
    failed_item = next((item for item in result.get("results", ()) if item.get("failed")), None)
    if failed_item is not None:
        return message_of(failed_item)
    said = str(result.get("stderr") or result.get("module_stderr") or "").strip()
    parts = [str(result.get("msg") or result.get("reason") or "").strip(), said[-MESSAGE_LIMIT // 2 :]]
    return "\n".join(part for part in parts if part)[:MESSAGE_LIMIT]


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "blackstart_events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._events = os.fdopen(int(os.environ["BLACKSTART_EVENTS_FD"]), "w", buffering=1, encoding="utf-8")

    def _tell(self, **event):
        try:
            self._events.write(json.dumps(event, default=str) + "\n")
        except OSError:
            pass  # Nobody listens any more: the run goes on, its log is complete.

    def _tell_result(self, result, status):
        message = message_of(result.result) if status in ("failed", "unreachable", "ignored") else ""
        self._tell(event="host", host=result.host.get_name(), task=result.task.get_name(), status=status, message=message)

    def v2_playbook_on_play_start(self, play):
        self._tell(event="play", name=play.get_name())

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._tell(event="task", name=task.get_name())

    def v2_playbook_on_handler_task_start(self, task):
        self._tell(event="task", name=task.get_name())

    def v2_runner_on_ok(self, result):
        self._tell_result(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_on_skipped(self, result):
        self._tell_result(result, "skipped")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._tell_result(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result):
        self._tell_result(result, "unreachable")

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in stats.processed}
        self._tell(event="stats", hosts=hosts)
