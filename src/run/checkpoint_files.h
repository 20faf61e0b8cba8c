/* What lies in RUN/checkpoints and what of it is kept; for checkpoint_store.c and
 * checkpoint_writer.c. */
#ifndef RUN_CHECKPOINT_FILES_H
#define RUN_CHECKPOINT_FILES_H

#include "run/run_info.h"

/* One file.  All but the name is as the file's header says, unverified. */
typedef struct checkpoint_file {
    bool best;         /* selected weights; false: a state */
    int64_t iteration; /* by its name */
    bool readable;     /* the header could be read */
    bool scheduled;    /* states */
    int64_t best_iteration; /* states: the selected weights they refer to; 0: none */
    bool keep;         /* by checkpoint_files_keep */
    run_info_file info;
} checkpoint_file;

#define RUN_CHECKPOINTS "checkpoints"
#define RUN_SELECTED "best.safetensors"

typedef struct checkpoint_files {
    checkpoint_file *items; /* by iteration, states and selected weights mixed */
    int count;
    int64_t room;
} checkpoint_files;
#define CHECKPOINT_FILES_INIT {NULL, 0, 0}

/* A run without the folder has no such files.  JEM_EIO, JEM_ENOMEM. */
jem_status checkpoint_files_list(checkpoint_files *out, const char *folder);
void checkpoint_files_clear(checkpoint_files *l); /* CHECKPOINT_FILES_INIT is fine */

/* Marks what is to stay when `newest` is the iteration of the newest state that counts:
 *   states   the last two scheduled ones and one written at a signal after them, none
 *            of a later iteration (it belongs to a past that was rolled back)
 *   weights  those that kept states refer to, and later ones: their state is to come
 * A file that cannot be read stays for its owner to look at. */
void checkpoint_files_keep(checkpoint_files *l, int64_t newest);
/* Removes the files that are not marked. */
jem_status checkpoint_files_prune(const checkpoint_files *l, const char *folder);
/* The marked files and RUN/best.safetensors as the list of files of run.json. */
jem_status checkpoint_files_manifest(run_info *info, const checkpoint_files *l, const char *folder);
/* Iteration of the newest state; -1 if there is none. */
int64_t checkpoint_files_newest(const checkpoint_files *l);

jem_status checkpoint_folder(char **out, const char *folder); /* RUN/checkpoints, owned */
/* Of that iteration's state or, `best`, selected weights, whether they are there or not; owned. */
jem_status checkpoint_path(char **out, const char *folder, int64_t iteration, bool best);

#endif
