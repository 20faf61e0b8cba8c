/* One folder out of an archive that a stranger packed. */
#ifndef FETCH_UNPACK_H
#define FETCH_UNPACK_H

#include <signal.h>
#include <stdint.h>

#include "jem/status.h"

/* Unpacks what lies in the folder `member` of a .tar.gz (or .tar) as the new folder `dest`,
 * whole or not at all: into DEST.unpacking, which is removed first, synced and renamed.  `dest`
 * must not exist, or be empty.  *files <- how many.
 *
 * Names that begin with a dot and what a Mac leaves (__MACOSX) are left out, as is everything
 * outside of `member`.  JEM_EDATA, naming the entry, for names that are absolute or hold "..",
 * links, devices, a name twice, more than `most` bytes, more than a million files, an archive
 * that is cut short or holds nothing of `member`.  JEM_EIO if the disk refuses,
 * JEM_EINTERRUPTED if `stop` (may be NULL) is set. */
jem_status unpack_folder(int64_t *files, const char *archive, const char *member,
                         const char *dest, int64_t most, const volatile sig_atomic_t *stop);

#endif
