#ifndef CPROCESS_H
#define CPROCESS_H

// Starts processes and waits for them: what Swift cannot write itself, because a child that shares the parent's
// memory between clone and exec must run plain C only.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Limits of one process; -1 leaves the one of the parent.
typedef struct {
    int64_t memory_bytes;
    int64_t cpu_seconds;
    int64_t open_files;
    int64_t processes;
} scheduler_limits;

enum { SCHEDULER_GROUPS = 32 };

/// Whose rights a process has.
typedef struct {
    /// Nonzero: change to the user and the groups below; else those of the parent.
    int is_set;
    uint32_t uid;
    uint32_t gid;
    /// The supplementary groups.
    uint32_t group_count;
    uint32_t groups[SCHEDULER_GROUPS];
} scheduler_user;

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
    /// A descriptor that becomes 3 of the child; -1: none.
    int extra;
    /// The file `cgroup.procs` of the group that the child joins; -1: none.
    int cgroup;
    /// Nonzero: the kernel kills the child when the thread that starts it ends.
    int dies_with_parent;
    /// Nonzero: descendants that lose their parent become the child's, for as long as it lives.
    int adopts;
    /// The file mode creation mask; -1: the parent's.
    int mask;
    scheduler_limits limits;
    scheduler_user user;
    /// Where the kernel notes the child's number as soon as there is one; NULL: nowhere.
    pid_t *number;
} scheduler_spawn_request;

typedef enum {
    SCHEDULER_SPAWN_FORK = 0,
    SCHEDULER_SPAWN_SETUP = 1,
    SCHEDULER_SPAWN_LIMITS = 2,
    SCHEDULER_SPAWN_USER = 3,
    SCHEDULER_SPAWN_DIRECTORY = 4,
    SCHEDULER_SPAWN_EXEC = 5,
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

/// Starts a process. The calling thread waits until the child has called exec. A child that dies with its parent does
/// so when the thread that started it ends, so that thread must live as long as the caller's process.
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

/// Whether a child has ended and waits to be reaped: 1 or 0. Takes nothing.
int scheduler_has_ended(pid_t pid);

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

/// A number that the kernel or another thread writes meanwhile.
pid_t scheduler_load_number(const pid_t *number);
void scheduler_store_number(pid_t *number, pid_t value);

/// A descriptor of a process, readable once it has ended; closed on exec. Returns -1 with errno.
int scheduler_pidfd(pid_t pid);
/// Signals the process of such a descriptor, which no reused number can confuse. Returns 0 or -1 with errno.
int scheduler_pidfd_signal(int pidfd, int signal);

/// Makes this process the parent of descendants that lose theirs. Returns 0 or -1 with errno.
int scheduler_adopt_descendants(void);

/// Two ends of a connection that keeps messages apart, at least 3 and closed on exec. Returns 0 or -1 with errno.
int scheduler_message_pair(int *here, int *there);
enum { SCHEDULER_MESSAGE_DESCRIPTORS = 4 };
/// Sends one message with descriptors; with `waits` it blocks while the peer is slow, else that is EAGAIN. Returns 0 or
/// -1 with errno.
int scheduler_send(int socket, const void *bytes, size_t size, const int *descriptors, int count, int waits);
/// Takes one message without waiting. Returns its size, 0 at the end of the connection, -1 with errno (EAGAIN: nothing
/// there); `count` is set to how many descriptors came, each at least 3 and closed on exec.
ssize_t scheduler_receive(int socket, void *bytes, size_t size, int *descriptors, int *count);

typedef struct {
    pid_t pid;
    pid_t parent;
    pid_t group;
    /// As in proc(5): 'Z' has ended and waits to be reaped.
    char state;
} scheduler_process;

/// Reads one process. Returns 0, or -1 where there is none.
int scheduler_read_process(pid_t pid, scheduler_process *process);

/// Writes the processes that /proc shows, at most `capacity`. Returns how many there are, which may be more, or -1 with
/// errno.
int scheduler_list_processes(scheduler_process *processes, int capacity);

/// What a worker says to its keeper. A start comes with descriptors: the strings, standard output, standard error, and
/// standard input where `has_input` says so.
enum {
    SCHEDULER_KEEPER_START = 1,
    SCHEDULER_KEEPER_STOP = 2,
    SCHEDULER_KEEPER_PING = 3,
    /// The worker's lease was renewed, or is over: replaces what was said of it before.
    SCHEDULER_KEEPER_LEASE = 4,
};
typedef struct {
    uint64_t id;
    uint32_t kind;
    /// Of a stop: how long the process may take, in milliseconds. Of a lease: the same for all at its end.
    uint32_t grace_ms;
    /// Of a lease: when all processes are told to stop, in microseconds of CLOCK_BOOTTIME, which the two share.
    int64_t stop_at_us;
    /// How many strings of each kind there are, in this order, each ended by NUL; then the working directory and the
    /// folder of the control group, both empty where there is none.
    uint32_t candidates;
    uint32_t arguments;
    uint32_t variables;
    uint32_t has_input;
    int32_t mask;
    scheduler_limits limits;
    /// Of the control group; -1: none.
    int64_t group_memory_bytes;
    int64_t group_processes;
    scheduler_user user;
} scheduler_keeper_request;

/// What a keeper answers.
enum {
    SCHEDULER_KEEPER_STARTED = 1,
    SCHEDULER_KEEPER_REFUSED = 2,
    SCHEDULER_KEEPER_ENDED = 3,
    /// The answer to a ping: the keeper works.
    SCHEDULER_KEEPER_PONG = 4,
};
typedef struct {
    uint64_t id;
    uint32_t kind;
    pid_t pid;
    /// Of a refusal.
    int32_t error;
    int32_t step;
    /// Of an end.
    uint32_t was_stopped;
    /// Nonzero: because the worker's lease was about to end.
    uint32_t was_fenced;
    /// How many processes of its control group the kernel killed for want of memory.
    uint32_t memory_kills;
    scheduler_exit exit;
} scheduler_keeper_event;

/// A file in memory that holds the bytes, to be read from its beginning; at least 3 and closed on exec. Returns -1 with
/// errno.
int scheduler_memory_file(const void *bytes, size_t size);

#endif
