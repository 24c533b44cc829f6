/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of glibc that Swift's own map of it leaves out: they need _GNU_SOURCE.
   Spec: Linux man-pages 6, pipe(2), memfd_create(2); glibc 2.34, <spawn.h>. */
#ifndef ASSAY_LINUX_CALLS_H
#define ASSAY_LINUX_CALLS_H

#include <spawn.h>

/* A pipe whose ends have their flags from the start, so that no child started meanwhile gets them. */
extern int pipe2(int descriptors[2], int flags);

/* A file in memory without a name in any folder. */
extern int memfd_create(const char *name, unsigned int flags);
#define ASSAY_MFD_CLOEXEC 1u

/* The child closes every descriptor from this one up. */
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

#endif
