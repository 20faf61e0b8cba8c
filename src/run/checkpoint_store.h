/* The checkpoints of a run, RUN/checkpoints: the newest two scheduled ones, one
 * written at a signal if that is newer, and the selected weights they refer to.
 *
 *   000001484.safetensors       the state after 1484 iterations (checkpoint.h)
 *   best-000001484.safetensors  weights selected then; RUN/best.safetensors is a copy of
 *                               the one that counts now
 *   NAME.damaged                set aside because its checksum did not match
 *
 * Files never change once they have their name, so a run can be copied while it is
 * trained.  `folder` is the run's.  Functions that load or restore need the writer to be
 * idle (checkpoint_writer_wait); so does writing run.json. */
#ifndef RUN_CHECKPOINT_STORE_H
#define RUN_CHECKPOINT_STORE_H

#include "run/checkpoint.h"

/* Loads the newest checkpoint that is whole; a damaged one is named in a warning, and the one before
 * it used.  *found false: there are none.  JEM_EDATA if there are some and all are damaged;
 * JEM_EUSAGE if the newest is of another run or other settings.  Changes nothing in the folder. */
jem_status checkpoint_resume(trainer *t, checkpoint_state *s, bool *found, const char *folder);

/* Sets aside the checkpoints behind `iteration`, which were damaged, and removes leftovers of
 * interrupted writes. */
jem_status checkpoint_clean(const char *folder, int64_t iteration);

/* For a roll-back: loads the newest scheduled checkpoint that is whole and older than
 * iteration `before`, and removes every newer one.  *found false: there is none, and
 * nothing was loaded or removed. */
jem_status checkpoint_roll_back(trainer *t, checkpoint_state *s, bool *found, const char *folder,
                                int64_t before);

/* Path of the newest checkpoint that is whole (owned), for readers of the replay
 * buffer.  JEM_EDATA if there is none. */
jem_status checkpoint_newest(char **path, const char *folder);

/* Is the newest whole state this run's, and of its settings?  If not, JEM_EUSAGE.  Where r has no id
 * yet, because run.json has none, it takes the state's.  States of older versions say nothing. */
jem_status checkpoint_identify(run_identity *r, const char *folder);
/* Files of older versions, which carry no identity, are taken for this run's, with a warning. */
jem_status checkpoint_adopt(const run_identity *r, const char *folder);

/* Fills the list of files of run.json with those that are there. */
jem_status checkpoint_manifest(run_info *info, const char *folder);

/* Weights `params` of the model as the selected ones of `iteration`; r (NULL: nobody) is whose they
 * are.  JEM_EDIVERGED if one is not finite: nothing is written. */
jem_status best_save(const char *folder, const model *m, const float *params, int64_t iteration,
                     const run_identity *r);
/* The same of weights that were not trained here, whatever they hold. */
jem_status best_save_any(const char *folder, const model *m, const float *params, int64_t iteration,
                         const run_identity *r);
/* Makes RUN/first-epoch.safetensors the weights that were selected at `iteration`. */
jem_status first_epoch_keep(const char *folder, int64_t iteration);
/* If that file is damaged, says so, and makes it again from its copy or, where there is none any
 * more, sets it aside. */
jem_status first_epoch_restore(const char *folder, int64_t iteration);
/* JEM_EUSAGE if one of the two copies of the weights of `iteration` is of another run than r; what is
 * missing or damaged best_restore tells. */
jem_status best_check(const char *folder, int64_t iteration, const run_identity *r);
/* Makes RUN/best.safetensors the weights of `iteration` again (0: removes it), and where one of
 * the two copies is damaged says so and makes it again from the other.
 * JEM_EDATA if no whole copy of them is left, JEM_EUSAGE if one is of another run than r. */
jem_status best_restore(const char *folder, int64_t iteration, const run_identity *r);
/* Path of a whole copy of the selected weights of `iteration` (owned): best.safetensors,
 * or with a warning the one in checkpoints.  JEM_EDATA if neither is whole. */
jem_status best_find(char **path, const char *folder, int64_t iteration);

/* Writes checkpoints on a thread of its own; then run.json, whose list of files is the
 * manifest; then removes what is no longer kept.  There is no copy of the state: the writer is
 * the trainer's reader, so the next step computes meanwhile and waits before it changes what
 * is being written. */
typedef struct checkpoint_writer checkpoint_writer;
/* Of this trainer's state; t is borrowed. */
jem_status checkpoint_writer_new(checkpoint_writer **out, trainer *t, const char *folder);
/* Waits for the previous write and returns its error, if any; begins to write and returns.
 * The trainer's arrays must not be written before trainer_wait_for_reader.
 * JEM_EDIVERGED: a value of this state is not finite and nothing is written.
 * A state that is not scheduled does not replace a scheduled one of its iteration: only
 * run.json is written then. */
jem_status checkpoint_writer_put(checkpoint_writer *w, const checkpoint_state *s,
                                 const run_info *info);
/* Waits until all is on disk; the last write's error. */
jem_status checkpoint_writer_wait(checkpoint_writer *w);
void checkpoint_writer_free(checkpoint_writer *w); /* waits; NULL is fine */

#endif
