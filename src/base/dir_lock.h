/* Folders that this process works on: locked against other processes, and held by descriptor.
 *
 * While a folder is held, its path, and every path below it, means the folder that was locked,
 * in all functions of file.h and append_file.h: wherever it was moved, and whatever has its old
 * name now.  So nothing of a training lands in another run's folder, and none of its callers needs
 * to know.  A path counts as written: "run/x" is below "run", "./run/x" is not. */
#ifndef BASE_DIR_LOCK_H
#define BASE_DIR_LOCK_H

#include <stdbool.h>

#include "jem/status.h"

typedef struct dir_held dir_held;

/* Marks a folder as worked on until it is unlocked or the process is gone, however it
 * went.  *busy: another process holds it, or this one (then *out is NULL).  File systems without
 * locks never say so.  JEM_EIO also if the folder is moved or removed at that moment. */
jem_status dir_lock(dir_held **out, bool *busy, const char *path);
void dir_unlock(dir_held *h); /* NULL is fine; nobody may be using paths below it */

/* Does a process hold the folder?  Asks without holding it for a moment, so that nobody who is about to
 * take it finds it busy. */
bool dir_is_held(const char *path);

/* *now <- where the folder lies, owned: its path, or where it was *moved to.  JEM_EIO if it is no
 * longer to be found. */
jem_status dir_where(char **now, bool *moved, const dir_held *h);

/* Removes the folder if it is empty and still at its path. */
void dir_remove_empty(const dir_held *h);

/* Where `path` is for the *at functions of the system: the folder (a held one, or AT_FDCWD),
 * and *rest of the path from there. */
int dir_at(const char **rest, const char *path);

#endif
