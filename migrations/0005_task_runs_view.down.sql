DROP VIEW task_runs;
