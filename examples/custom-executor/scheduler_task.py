"""Speaks with the scheduler's worker: JSON lines on standard input and output."""
import json
import sys
import traceback


class UserError(Exception):
    """The input is at fault: the run is not repeated."""


class Task:
    """What the worker said at the start: run_id, attempt, fire_time, task, config, arguments, upstream, ..."""

    def __init__(self, start):
        self.__dict__.update(start)

    def log(self, message, stream="stdout"):
        send(type="log", stream=stream, message=str(message))

    def progress(self, percent):
        send(type="progress", percent=percent)


def send(**message):
    sys.__stdout__.write(json.dumps(message) + "\n")
    sys.__stdout__.flush()


def run(work):
    """Calls work(task) and sends what it returns as the result, or what it raises as the error."""
    task = Task(json.loads(sys.stdin.readline()))
    try:
        send(type="result", success=True, result=work(task))
    except Exception as error:
        kind = "USER_ERROR" if isinstance(error, UserError) else "SYSTEM_ERROR"
        send(type="result", success=False, error={
            "type": kind, "message": f"{type(error).__name__}: {error}", "stack": traceback.format_exc()})
