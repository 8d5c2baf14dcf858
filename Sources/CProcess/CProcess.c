#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_STACK = 64 * 1024, KERNEL_SIGNAL_SET = 8 };

typedef struct {
    const scheduler_spawn_request *request;
    pid_t parent;
    // The child shares the parent's memory until exec, so these two carry its report; no pipe is needed.
    volatile int error;
    volatile scheduler_spawn_step step;
} child_context;

static int fail(child_context *context, scheduler_spawn_step step) {
    context->error = errno;
    context->step = step;
    _exit(127);
}

static void close_from_three(void) {
    if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0) return;
    struct rlimit limit;
    rlim_t end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? limit.rlim_cur : 65536;
    for (int fd = 3; (rlim_t)fd < end; fd++) close(fd);
}

// Tries the candidates as execvp does: what is missing or forbidden is passed over, and a forbidden one is reported
// rather than a missing one.
static void execute_first(const scheduler_spawn_request *request) {
    int reported = ENOENT;
    for (const char *const *path = request->candidates; *path != NULL; path++) {
        execve(*path, request->arguments, request->environment);
        if (errno == EACCES) {
            reported = EACCES;
        } else if (errno != ENOENT && errno != ENOTDIR) {
            return;
        }
    }
    errno = reported;
}

static int run_child(void *argument) {
    child_context *context = argument;
    const scheduler_spawn_request *request = context->request;

    // All signals are blocked here. No handler of ours may run in memory that the parent still uses, and ignored
    // signals would stay ignored across exec.
    // The kernel is asked itself, since the C library refuses the two signals that it keeps for its own use.
    static const unsigned long standard[8] = {0};
    for (int number = 1; number < NSIG; number++) syscall(SYS_rt_sigaction, number, standard, NULL, KERNEL_SIGNAL_SET);

    if (setsid() < 0) return fail(context, SCHEDULER_SPAWN_SETUP);
    // The leader of a task does not outlive a worker that was killed.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail(context, SCHEDULER_SPAWN_SETUP);
    if (getppid() != context->parent) _exit(127);

    if (dup2(request->standard_input, STDIN_FILENO) < 0 || dup2(request->standard_output, STDOUT_FILENO) < 0 ||
        dup2(request->standard_error, STDERR_FILENO) < 0) {
        return fail(context, SCHEDULER_SPAWN_SETUP);
    }
    close_from_three();

    if (request->working_directory != NULL && chdir(request->working_directory) != 0) {
        return fail(context, SCHEDULER_SPAWN_DIRECTORY);
    }

    static const unsigned long none[2] = {0};
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, KERNEL_SIGNAL_SET);
    execute_first(request);
    return fail(context, SCHEDULER_SPAWN_EXEC);
}

scheduler_spawn_result scheduler_spawn(const scheduler_spawn_request *request) {
    child_context context = {.request = request, .parent = getpid(), .error = 0, .step = SCHEDULER_SPAWN_FORK};
    scheduler_spawn_result result = {.pid = -1, .pidfd = -1, .error = 0, .step = SCHEDULER_SPAWN_FORK};

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    // Like vfork, but with a stack of its own and a descriptor of the process that no reused number can confuse.
    char stack[CHILD_STACK] __attribute__((aligned(16)));
    int pidfd = -1;
    pid_t pid = clone(
        run_child, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &context, &pidfd);
    int clone_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (pid < 0) {
        result.error = clone_error;
        return result;
    }
    if (context.error != 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        close(pidfd);
        result.error = context.error;
        result.step = context.step;
        return result;
    }
    result.pid = pid;
    result.pidfd = pidfd;
    return result;
}

int scheduler_reap(pid_t pid, scheduler_exit *result) {
    int status = 0;
    struct rusage usage;
    pid_t reaped;
    do {
        reaped = wait4(pid, &status, WNOHANG, &usage);
    } while (reaped < 0 && errno == EINTR);
    if (reaped <= 0) return (int)reaped;
    result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result->cpu_microseconds = ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
        usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    result->peak_memory_bytes = (int64_t)usage.ru_maxrss * 1024;
    return 1;
}

const char *scheduler_signal_name(int signal) { return sigabbrev_np(signal); }

// Moves a descriptor out of the range that a child's 0, 1 and 2 need.
static int above_standard(int fd) {
    if (fd < 0 || fd > STDERR_FILENO) return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(fd);
    errno = error;
    return moved;
}

int scheduler_output_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *reading = above_standard(ends[0]);
    *writing = above_standard(ends[1]);
    if (*reading >= 0 && *writing >= 0 && fcntl(*reading, F_SETFL, O_NONBLOCK) == 0) return 0;
    int error = errno;
    if (*reading >= 0) close(*reading);
    if (*writing >= 0) close(*writing);
    errno = error;
    return -1;
}

int scheduler_open_null(void) { return above_standard(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

int scheduler_eventfd(int counting) {
    return above_standard(eventfd(0, EFD_CLOEXEC | (counting ? EFD_SEMAPHORE : 0)));
}

void scheduler_eventfd_signal(int fd) {
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {}
}

void scheduler_eventfd_wait(int fd) {
    uint64_t value = 0;
    while (read(fd, &value, sizeof value) < 0 && errno == EINTR) {}
}

int scheduler_epoll_create(void) { return above_standard(epoll_create1(EPOLL_CLOEXEC)); }

int scheduler_epoll_add(int epoll, int fd, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void scheduler_epoll_remove(int epoll, int fd) { epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }

int scheduler_epoll_wait(int epoll, uint64_t *tokens, int capacity, int timeout_ms) {
    struct epoll_event events[128];
    if (capacity > 128) capacity = 128;
    int count = epoll_wait(epoll, events, capacity, timeout_ms);
    for (int index = 0; index < count; index++) tokens[index] = events[index].data.u64;
    return count < 0 ? 0 : count;
}
