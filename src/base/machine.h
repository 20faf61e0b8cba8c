/* What this machine has left: memory and disk. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdint.h>

#include "jem/status.h"

/* Bytes.  A control group (container, batch system) may allow less than there is. */
typedef struct machine_memory {
    int64_t total;     /* memory of the machine, or the group's limit if that is lower */
    int64_t available; /* of that, what a new process can use now */
    int64_t limit;     /* the lowest limit of a control group; 0: there is none */
} machine_memory;

/* Reads ROOT/proc and ROOT/sys/fs/cgroup (version 2: memory.max of the process's group and
 * the groups around it; version 1: memory.limit_in_bytes).  ROOT is "" but in tests.
 * JEM_EIO if the system does not say how much memory there is. */
jem_status machine_memory_read(machine_memory *out, const char *root);

/* Bytes a user may still write on the file system of `path`, or of the nearest folder above
 * it that exists. */
jem_status machine_disk_free(int64_t *out, const char *path);

#endif
