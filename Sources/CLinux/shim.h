#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

// Calls of Linux that Swift's Glibc module leaves out.

#include <sys/eventfd.h>
#include <sys/prctl.h>

// prctl is variadic, which Swift cannot call.

// Names the calling thread for the system's tools; at most 15 bytes count (PR_SET_NAME).
static inline void scheduler_set_thread_name(const char *name) { (void)prctl(PR_SET_NAME, name); }

// Closes /proc/<pid>/environ and mem of this process to other processes of the same user (PR_SET_DUMPABLE, prctl(2)).
static inline int scheduler_forbid_inspection(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

#endif
