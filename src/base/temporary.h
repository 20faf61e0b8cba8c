/* Files under a temporary name, until they are whole and get their own.
 *
 * Nobody can guess the name, so nobody can put a link in its place; it is short, so that it fits
 * wherever the file's own name does.  Its maker holds a lock on the file as long as it is
 * open: that is how others tell a write under way from one that ended with its process, on
 * whatever machine that was.  `dir` is always an open folder. */
#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

#include <stdbool.h>

enum { TEMPORARY_NAME = sizeof "jem-0123456789abcdef.tmp" };

/* A new empty file, open for writing and locked; -1: errno says why there is none. */
int temporary_create(char name[TEMPORARY_NAME], int dir);
/* Is it a name as they are made here, or as earlier versions made them? */
bool temporary_is(const char *name);
/* Removes the file if nobody has it open any more: true unless that failed (errno). */
bool temporary_remove_abandoned(int dir, const char *name);

#endif
