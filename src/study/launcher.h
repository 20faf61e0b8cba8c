/* How the trainings of a sweep get to processors: processes of this machine, or jobs of a batch system.
 * A launcher starts, polls and stops them; how a run stands is what its folder says (run/run.h), and
 * what the launcher adds is why one ended that could not say so itself. */
#ifndef STUDY_LAUNCHER_H
#define STUDY_LAUNCHER_H

#include <stdbool.h>

#include "run/loop.h"

/* A training to start. */
typedef struct launch {
    const char *name;         /* of the run, for messages */
    const char *const *words; /* of the command line after the program's name; end with NULL */
    const char *log;          /* file that what it says is appended to */
    /* The same for a launcher that starts no program: settings as config_load takes them, and the run's folder, where
     * the training goes on if it was begun. */
    const config_lists *lists;
    const char *config, *out;
    const char *const *set; /* [set_count] */
    int set_count;
} launch;

/* All trainings of a study, for a launcher whose trainings outlive this process. */
typedef struct launch_batch {
    const char *study;           /* its folder; its files are written */
    config *cfg;                 /* the study's settings, but for alpha and seed */
    const char *const *set;      /* [set_count] "key=value" that trainings get this time */
    int set_count;
    const struct sweep_run *runs; /* [count] in study.json's order; those that are waiting are to be trained */
    int count;
} launch_batch;

/* How it ended, as far as the launcher knows; the folder has the rest. */
typedef struct launch_end {
    jem_status code;    /* JEM_OK: nothing is known to have failed */
    const char *reason; /* of a failure, "" otherwise; borrowed for the call */
} launch_end;

/* What a poll tells; `number` is what start was given. */
typedef struct launch_watch {
    void *ctx;
    void (*report)(void *ctx, int number, const train_status *s); /* how it stands; s->reason may be NULL */
    void (*end)(void *ctx, int number, const launch_end *e);
} launch_watch;

typedef struct launch_options {
    int slots;             /* trainings at a time at most */
    const char *program;   /* jem; NULL: this process's own, /proc/self/exe */
    const void *own;       /* the launcher's own options; NULL of the local one */
    void (*in_child)(void); /* local: called between fork and exec, to undo what this process has set; may
                             * be NULL */
} launch_options;

typedef struct launcher {
    const char *name; /* "local" */
    /* Hands all trainings over at once, and the sweep ends: then the other entries are NULL.  NULL: the sweep
     * starts one after the other and stays with them. */
    jem_status (*submit)(const launch_options *o, const launch_batch *b);
    jem_status (*open)(void **ctx, const launch_options *o);
    /* Starts the training as `number`, where fewer than o.slots are under way.  *busy: an earlier
     * process is still saving that run, and nothing was started.  JEM_EIO. */
    jem_status (*start)(void *ctx, int number, const launch *l, bool *busy);
    /* Waits for news, no longer than `timeout_s`.  Returns how many have ended. */
    int (*poll)(void *ctx, const launch_watch *w, double timeout_s);
    /* Asks every training to save and end; poll tells of the ends. */
    void (*stop)(void *ctx);
    /* Holds every training, or lets it go on; NULL: none can be held. */
    void (*pause)(void *ctx, bool hold);
    /* Trainings under way are asked to end and waited for; NULL is fine. */
    void (*close)(void *ctx);
} launcher;

extern const launcher launcher_local;
/* Threads of this process (launcher_threads.c): for hosts of libjem.  Trainings share the processors by
 * engine.threads, where the settings leave that open; none can be held. */
extern const launcher launcher_threads;

#endif
