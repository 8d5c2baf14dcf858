#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

// Calls of Linux that Swift's Glibc module leaves out.

#include <sys/eventfd.h>
#include <sys/prctl.h>

// prctl is variadic, which Swift cannot call. At most 15 bytes of the name are kept.
static inline void scheduler_set_thread_name(const char *name) { (void)prctl(PR_SET_NAME, name); }

#endif
