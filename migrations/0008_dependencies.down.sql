DROP INDEX run_live_dependent;
DROP INDEX run_live_workflow;
DROP INDEX run_history_workflow;
DROP TABLE dependency_arrivals;
DROP TABLE wave_joins;
DROP TABLE task_dependencies;
