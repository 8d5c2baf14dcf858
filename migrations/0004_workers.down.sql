DROP TABLE dead_letters;
DROP TABLE scheduler_locks;
DROP TABLE workers;
