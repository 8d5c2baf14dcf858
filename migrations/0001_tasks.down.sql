DROP TABLE task_fires;
DROP TABLE task_versions;
DROP TABLE tasks;
DROP TABLE tenants;
