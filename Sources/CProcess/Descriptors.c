#define _GNU_SOURCE
#include "Descriptors.h"
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

int above_standard(int fd) {
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

int scheduler_memory_file(const void *bytes, size_t size) {
    int fd = above_standard(memfd_create("scheduler", MFD_CLOEXEC));
    if (fd < 0) return -1;
    size_t written = 0;
    while (written < size) {
        ssize_t count = write(fd, (const char *)bytes + written, size - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || (written += (size_t)count) > size) {
            int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
    }
    if (lseek(fd, 0, SEEK_SET) == 0) return fd;
    close(fd);
    return -1;
}
