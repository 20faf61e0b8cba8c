/* What this machine has: memory, disk and processors. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

/* Bytes.  A control group (container, batch system) or a limit of the process (ulimit -v, -d; SGE's
 * h_vmem, PBS's pvmem) may allow less than there is. */
typedef struct machine_memory {
    int64_t total;     /* memory of the machine, or the lowest limit's if that is less */
    int64_t available; /* of that, what a new process can use now */
    int64_t limit;     /* the lowest limit; 0: there is none */
    bool of_process;   /* it is the process's: what is mapped counts, touched or not; what this one
                          has mapped and not touched (libraries) is taken off `total` */
} machine_memory;

/* Reads ROOT/proc (of the process: self/limits and self/status) and ROOT/sys/fs/cgroup (version 2:
 * memory.max of the process's group and the groups around it; version 1:
 * memory.limit_in_bytes).  ROOT is "" but in tests.
 * JEM_EIO if the system does not say how much memory there is. */
jem_status machine_memory_read(machine_memory *out, const char *root);

/* JEM_ENOMEM, beginning with `what`, if this process cannot map so many bytes more: asked before
 * calls into libraries that do not bear to get no memory. */
jem_status machine_check_room(size_t bytes, const char *what);

/* Processors that this process may use; at least 1. */
int machine_processors(void);

/* Bytes a user may still write on the file system of `path`, or of the nearest folder above
 * it that exists. */
jem_status machine_disk_free(int64_t *out, const char *path);

#endif
