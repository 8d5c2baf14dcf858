#ifndef CPROCESS_H
#define CPROCESS_H

// Starts processes and waits for them: what Swift cannot write itself, because a child that shares the parent's
// memory between clone and exec must run plain C only.

#include <stdint.h>
#include <sys/types.h>

/// What is started, and with what.
typedef struct {
    /// Paths that are tried in their order until one executes; ends with NULL, holds at least one.
    const char *const *candidates;
    /// `argv` and `envp` of execve; both end with NULL.
    char *const *arguments;
    char *const *environment;
    /// NULL: the parent's.
    const char *working_directory;
    /// Descriptors for 0, 1 and 2; each is at least 3.
    int standard_input;
    int standard_output;
    int standard_error;
} scheduler_spawn_request;

typedef enum {
    SCHEDULER_SPAWN_FORK = 0,
    SCHEDULER_SPAWN_SETUP = 1,
    SCHEDULER_SPAWN_DIRECTORY = 2,
    SCHEDULER_SPAWN_EXEC = 3,
} scheduler_spawn_step;

typedef struct {
    /// The process, leader of its own session and group.
    pid_t pid;
    /// Readable once the process has ended; closed by the caller.
    int pidfd;
    /// 0, or the errno of the step that failed; then nothing runs and nothing is left to reap.
    int error;
    scheduler_spawn_step step;
} scheduler_spawn_result;

/// Starts a process. The calling thread waits until the child has called exec. The kernel kills the process when
/// the thread that started it ends, so that thread must live as long as the caller's process.
scheduler_spawn_result scheduler_spawn(const scheduler_spawn_request *request);

typedef struct {
    /// The exit status, or 0 where a signal ended it.
    int status;
    /// The signal that ended it, or 0.
    int signal;
    int64_t cpu_microseconds;
    int64_t peak_memory_bytes;
} scheduler_exit;

/// Takes the remains of an ended child. Returns 1, or 0 while it still runs, or -1 with errno.
int scheduler_reap(pid_t pid, scheduler_exit *result);

/// The name of a signal without "SIG"; NULL for a number that is none.
const char *scheduler_signal_name(int signal);

/// A pipe for output of a child: both ends at least 3 and closed on exec, the reading end non-blocking.
/// Returns 0 or -1 with errno.
int scheduler_output_pipe(int *reading, int *writing);

/// Opens /dev/null for reading, at least 3 and closed on exec. Returns -1 with errno.
int scheduler_open_null(void);

/// An eventfd; with `counting`, each read takes one of the writes, else all of them. Returns -1 with errno.
int scheduler_eventfd(int counting);
/// Adds one to an eventfd.
void scheduler_eventfd_signal(int fd);
/// Blocks until the eventfd was signalled, and takes it.
void scheduler_eventfd_wait(int fd);

int scheduler_epoll_create(void);
/// Watches a descriptor for something to read. Returns 0 or -1 with errno.
int scheduler_epoll_add(int epoll, int fd, uint64_t token);
void scheduler_epoll_remove(int epoll, int fd);
/// Waits for at most `timeout_ms` (-1: for ever) and writes the tokens of readable descriptors. Returns how many.
int scheduler_epoll_wait(int epoll, uint64_t *tokens, int capacity, int timeout_ms);

#endif
