#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

// Calls of Linux that Swift's Glibc module leaves out.

#include <sys/eventfd.h>
#include <sys/prctl.h>

#endif
