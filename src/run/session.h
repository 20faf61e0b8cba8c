/* One process's work on a run: what loop.c (iterations, checkpoints, rescue) shares
 * with selection.c (validation, the weights that are kept) and journal.c (rows,
 * event files, progress, status). */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include "base/log.h"
#include "fid/fid_kept.h"
#include "run/checkpoint_store.h"
#include "run/event_log.h"
#include "run/loop.h"
#include "run/metrics.h"
#include "run/run_owner.h"
#include "train/trainer.h"
#include "train/validate.h"

typedef struct session {
    const train_request *r;
    config *cfg;
    splits own;              /* if the request brought no data */
    const splits *data;
    model *m;
    trainer t;
    checkpoint_state state;  /* what a checkpoint holds beside the trainer */
    checkpoint_writer *writer;
    run_info info;
    run_identity identity;   /* what its files carry */
    dir_held *lock;          /* of the run's folder; NULL: not held */
    char *place;             /* owned: where that lies, as far as is known */
    bool made;               /* this process made that folder */
    run_owner owner;         /* for other machines */

    /* selection.c */
    pixel_distance pixels;
    fid_network fid;         /* of FID, if that chooses the weights */
    fid_statistics fid_reference;
    float *kept;             /* parameters while averaged ones are evaluated */
    bool select_anew;        /* no copy of the selected weights is whole any more */

    /* journal.c */
    metrics_log log;
    int64_t log_bytes;       /* as run.json had them when this process began */
    char log_hash[METRICS_DIGEST];
    event_log *events;
    progress progress;
    health_report health;    /* of the last row */
    double val_accuracy;     /* of the last validation */
    double start_s;          /* clock when the run's wall time was 0 */
    double row_s, watch_s;   /* clock at the last row, at the last call of the watch */
    int64_t row_steps;       /* steps since the last row, in this process */
    double steps_s;          /* all steps of this process took */
} session;

/* ---- selection.c */

/* After the trainer is there: room for averaged weights, the training images described for FD-pix,
 * each if the settings ask for it.  JEM_EUSAGE where train.patience has nothing to go by. */
jem_status selection_begin(session *s);
void selection_end(session *s); /* frees them; also where nothing was begun */
/* "val_accuracy", "val_nll", "fid", "fd_pix" or "last": see run_info.selected_by. */
const char *selection_criterion(const session *s);
/* text <- that, and for FID by which files: scores that different judges gave are not compared.  JEM_EDATA if
 * one of them cannot be read. */
jem_status selection_judge(char text[CHECKPOINT_JUDGE], const session *s);
/* Has train.patience come to an end with the validation that has just been made?  A function of
 * checkpointed state alone. */
bool selection_out_of_patience(const session *s);
/* The iteration of the first validation, unless the training ends before. */
int64_t selection_first(const session *s);
/* Fills the validation columns of the row and keeps the weights if they are the best so
 * far.  JEM_EINTERRUPTED if the model was stopped: nothing has changed then. */
jem_status selection_validate(session *s, metrics_row *row);

/* ---- journal.c */

/* Opens the logs to go on after s->t.iteration; later rows are dropped. */
jem_status journal_begin(session *s);
void journal_end(session *s); /* closes them; a zeroed session's are fine */
/* One line of what this training will do: where, on which data, how much, from where. */
void journal_announce(const session *s, bool fresh);
/* Back at an earlier iteration: what follows is written anew. */
jem_status journal_rewind(session *s);
double journal_wall_s(const session *s); /* seconds trained so far, in all sessions of the run */
/* A row for the iterations since the last one, with its verdict. */
jem_status journal_row(session *s, metrics_row *row);
/* Progress line and status for whoever watches, about once a second. */
void journal_step(session *s, const step_report *did);
/* What is on disk is all that was logged; what it is goes into s->info. */
jem_status journal_sync(session *s);
void journal_finish(session *s); /* the last of journal_step: the progress line stays */

#endif
