#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

// Calls of Linux that Swift's Glibc module leaves out.

#include <sys/eventfd.h>
#include <sys/prctl.h>

// prctl is variadic, which Swift cannot call. At most 15 bytes of the name are kept.
static inline void scheduler_set_thread_name(const char *name) { (void)prctl(PR_SET_NAME, name); }

// prctl is variadic, which Swift cannot call.

// Closes /proc/<pid>/environ and mem of this process to other processes of the same user (PR_SET_DUMPABLE, prctl(2)).
static inline int scheduler_forbid_inspection(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

#endif
