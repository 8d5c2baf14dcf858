DROP TABLE run_live;
