#define _GNU_SOURCE
#include "CProcess.h"
#include "Descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int scheduler_pidfd(pid_t pid) { return above_standard((int)syscall(SYS_pidfd_open, pid, 0)); }

int scheduler_pidfd_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

pid_t scheduler_load_number(const pid_t *number) { return __atomic_load_n(number, __ATOMIC_ACQUIRE); }

void scheduler_store_number(pid_t *number, pid_t value) { __atomic_store_n(number, value, __ATOMIC_RELEASE); }

int scheduler_adopt_descendants(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

// Reads "pid (name) state parent group …"; the name may hold anything, so it ends at the last parenthesis.
static int read_process(int folder, const char *number, scheduler_process *process) {
    char path[32], text[512];
    if (snprintf(path, sizeof path, "%s/stat", number) >= (int)sizeof path) return -1;
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0) return -1;
    text[size] = 0;
    char *end = strrchr(text, ')');
    if (end == NULL) return -1;
    process->pid = (pid_t)strtol(number, NULL, 10);
    return sscanf(end + 1, " %c %d %d", &process->state, &process->parent, &process->group) == 3 ? 0 : -1;
}

int scheduler_read_process(pid_t pid, scheduler_process *process) {
    char number[16];
    snprintf(number, sizeof number, "%d", pid);
    int folder = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -1;
    int result = read_process(folder, number, process);
    close(folder);
    return result;
}

int scheduler_list_processes(scheduler_process *processes, int capacity) {
    DIR *folder = opendir("/proc");
    if (folder == NULL) return -1;
    int count = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        scheduler_process process;
        if (read_process(dirfd(folder), entry->d_name, &process) != 0) continue;
        if (count < capacity) processes[count] = process;
        count++;
    }
    closedir(folder);
    return count;
}
