// How many processes a second a C program starts and waits for: the measure of what a worker reaches.
// Usage: spawn COUNT AT_ONCE

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count_of_arguments, char **arguments) {
    if (count_of_arguments != 3) return 2;
    int count = atoi(arguments[1]), at_once = atoi(arguments[2]);
    char *program[] = {"true", NULL};
    int started = 0, ended = 0;
    double began = now();
    while (ended < count) {
        while (started < count && started - ended < at_once) {
            pid_t pid;
            if (posix_spawn(&pid, "/bin/true", NULL, NULL, program, environ) != 0) return 1;
            started++;
        }
        if (wait(NULL) < 0) return 1;
        ended++;
    }
    printf("%.0f\n", count / (now() - began));
    return 0;
}
