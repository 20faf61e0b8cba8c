/* Folders of files changed at random, repeatably: what a disk, a copy cut short, an editor or an
 * enemy may do to a run. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happened to a folder. */
typedef struct mutations {
    bool settings; /* config.yaml is not what it was */
    bool sealed;   /* a changed file got a new checksum */
    bool moved;    /* files were removed, renamed, or became links, folders or pipes */
    char text[512]; /* "flip run.json; cut metrics.csv" */
} mutations;

/* Changes one to four times the files below `folder`; the random numbers follow from *state,
 * which moves on.  Links that are made lead to themselves, to other files of the folder, or to
 * `outside`, a file. */
void mutate_folder(mutations *out, const char *folder, const char *outside, uint64_t *state);

/* Below n. */
uint64_t mutate_below(uint64_t *state, uint64_t n);

/* Removes a folder with all that is in it; one that is not there is fine. */
void tree_remove(const char *path);
/* Copies a folder of files and folders. */
void tree_copy(const char *from, const char *to);
/* A hash of the names, kinds and contents of all files in a folder. */
uint64_t tree_hash(const char *path);

#endif
