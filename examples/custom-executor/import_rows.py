#!/usr/bin/env python3
"""Imports rows: an example of a program that the `custom` executor runs."""
import scheduler_task


def import_rows(task):
    rows = task.config.get("rows")
    if not isinstance(rows, list):
        raise scheduler_task.UserError("config.rows must be a list")
    for number, row in enumerate(rows, 1):
        task.log(f"row {number}: {row}")
        task.progress(100 * number // len(rows))
    # The run's id is the key by which a repeated attempt can be recognised, the attempt the fencing token.
    return {"imported": len(rows), "key": task.run_id, "fencing_token": task.attempt}


scheduler_task.run(import_rows)
