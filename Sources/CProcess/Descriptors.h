#ifndef SCHEDULER_DESCRIPTORS_H
#define SCHEDULER_DESCRIPTORS_H

// Moves a descriptor out of the range that a child's 0, 1 and 2 need; passes -1 on.
int above_standard(int fd);

#endif
