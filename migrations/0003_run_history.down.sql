DROP TABLE run_stats;
DROP TABLE run_attempts;
DROP TABLE run_history;
