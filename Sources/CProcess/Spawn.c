#define _GNU_SOURCE
#include "CProcess.h"
#include "Descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_STACK = 64 * 1024, KERNEL_SIGNAL_SET = 8, USUAL_FILES = 1024 };

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

static void close_from(int first) {
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) == 0) return;
    struct rlimit limit;
    rlim_t end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? limit.rlim_cur : 65536;
    for (int fd = first; (rlim_t)fd < end; fd++) close(fd);
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

static int limit(int resource, int64_t value, int64_t hard) {
    if (value < 0) return 0;
    struct rlimit limits = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)hard};
    struct rlimit now;
    // Without the right to raise it, a harder limit of the parent stays.
    if (getrlimit(resource, &now) == 0 && limits.rlim_max > now.rlim_max && geteuid() != 0) {
        limits.rlim_max = now.rlim_max;
        if (limits.rlim_cur > limits.rlim_max) limits.rlim_cur = limits.rlim_max;
    }
    if (setrlimit(resource, &limits) == 0) return 0;
    // A root without the right to raise limits, as in most containers.
    if (errno != EPERM || getrlimit(resource, &now) != 0) return -1;
    limits.rlim_max = now.rlim_max;
    if (limits.rlim_cur > limits.rlim_max) limits.rlim_cur = limits.rlim_max;
    return setrlimit(resource, &limits);
}

// The parent raises its own; programs that close all descriptors up to the limit, or use select(2), expect the usual one.
static int lower_soft_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    if (limit.rlim_cur <= USUAL_FILES) return 0;
    limit.rlim_cur = USUAL_FILES;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static int set_limits(const scheduler_limits *limits) {
    // RLIMIT_DATA counts private writable memory, mapped or not by brk (setrlimit(2), since Linux 4.7); RLIMIT_AS would
    // also count the address space that many runtimes reserve and never use.
    if (limit(RLIMIT_DATA, limits->memory_bytes, limits->memory_bytes) != 0) return -1;
    // SIGXCPU at the limit, SIGKILL a second later for who ignores it.
    if (limit(RLIMIT_CPU, limits->cpu_seconds, limits->cpu_seconds + 1) != 0) return -1;
    if (limits->open_files >= 0) {
        if (limit(RLIMIT_NOFILE, limits->open_files, limits->open_files) != 0) return -1;
    } else if (lower_soft_files() != 0) {
        return -1;
    }
    return limit(RLIMIT_NPROC, limits->processes, limits->processes);
}

// The kernel is asked itself: the C library's functions change all threads of the process, here those of the parent.
static int set_user(const scheduler_user *user) {
    if (!user->is_set) return 0;
    if (syscall(SYS_setgroups, (size_t)user->group_count, user->groups) != 0) return -1;
    if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) != 0) return -1;
    return (int)syscall(SYS_setresuid, user->uid, user->uid, user->uid);
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
    // "0" is whoever writes it.
    if (request->cgroup >= 0 && write(request->cgroup, "0", 1) != 1) return fail(context, SCHEDULER_SPAWN_LIMITS);
    if (dup2(request->standard_input, STDIN_FILENO) < 0 || dup2(request->standard_output, STDOUT_FILENO) < 0 ||
        dup2(request->standard_error, STDERR_FILENO) < 0) {
        return fail(context, SCHEDULER_SPAWN_SETUP);
    }
    int first_closed = STDERR_FILENO + 1;
    if (request->extra >= 0) {
        if (request->extra == first_closed) {
            if (fcntl(first_closed, F_SETFD, 0) != 0) return fail(context, SCHEDULER_SPAWN_SETUP);
        } else if (dup2(request->extra, first_closed) < 0) {
            return fail(context, SCHEDULER_SPAWN_SETUP);
        }
        first_closed++;
    }
    close_from(first_closed);
    if (request->mask >= 0) umask((mode_t)request->mask);
    if (set_limits(&request->limits) != 0) return fail(context, SCHEDULER_SPAWN_LIMITS);
    if (set_user(&request->user) != 0) return fail(context, SCHEDULER_SPAWN_USER);

    // A change of the user clears it, so it comes after.
    if (request->dies_with_parent) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail(context, SCHEDULER_SPAWN_SETUP);
        if (getppid() != context->parent) _exit(127);
    }
    // Kept across exec, not inherited by children (PR_SET_CHILD_SUBREAPER(2const)).
    if (request->adopts && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail(context, SCHEDULER_SPAWN_SETUP);
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
    // Like vfork, but with a stack of its own.
    char stack[CHILD_STACK] __attribute__((aligned(16)));
    pid_t number = 0;
    pid_t pid = clone(
        run_child, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD, &context,
        request->number != NULL ? request->number : &number);
    int clone_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (pid < 0) {
        result.error = clone_error;
        return result;
    }
    // Nobody else reaps this child, so its number is its own until then.
    if (context.error == 0) {
        result.pidfd = scheduler_pidfd(pid);
        if (result.pidfd >= 0) {
            result.pid = pid;
            return result;
        }
        context.error = errno;
        context.step = SCHEDULER_SPAWN_FORK;
        kill(-pid, SIGKILL);
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    result.error = context.error;
    result.step = context.step;
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

int scheduler_has_ended(pid_t pid) {
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

const char *scheduler_signal_name(int signal) { return sigabbrev_np(signal); }
