/* Failing system calls on demand.  The program is linked so that jem's calls of these
 * functions reach faults.c first (--wrap; see CMakeLists.txt). */
#ifndef TORTURE_FAULTS_H
#define TORTURE_FAULTS_H

#include <stdbool.h>

typedef enum fault {
    FAULT_MEMORY,    /* posix_memalign, on which mem_alloc stands: no memory; when that
                        lasts, none for jansson either */
    FAULT_JSON,      /* jansson's malloc: no memory for one call */
    FAULT_FULL,      /* openat to create, write, fsync, close, renameat, ftruncate,
                        mkdirat: ENOSPC */
    FAULT_IO,        /* the same, and openat, read, fdopendir: EIO */
    FAULT_INTERRUPT, /* read, write, fsync, close: EINTR */
    FAULT_SHORT,     /* read, write: one byte */
    FAULT_KINDS
} fault;
const char *fault_name(fault kind); /* "disk full", for messages of tests */

/* Before anything of jem is called: it keeps watch over what jansson allocates with. */
void faults_init(void);

/* From now on the calls that `kind` concerns are counted, and number `at` fails (from 1;
 * 0: none); `lasting`: all after it too.  For all threads. */
void faults_arm(fault kind, long at, bool lasting);
/* Ends it; how many calls there were. */
long faults_disarm(void);

#endif
