/* The folder of a run:
 *
 *   RUN/config.yaml              every setting, resolved
 *   RUN/run.json                 version, status, progress, data hash (run_info.h)
 *   RUN/metrics.csv              the training log (metrics.h)
 *   RUN/best.safetensors         weights of the selected epoch: what the run is for
 *   RUN/first-epoch.safetensors  those of the first one, if alpha > 0
 *   RUN/starts.safetensors       where chains begin, with sampler.start class_gaussian
 *   RUN/checkpoints/             states to go on from, with the replay buffer
 *                                (checkpoint_store.h)
 *
 * Later commands add RUN/scores, RUN/trials, RUN/samples (record/record.h). */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "base/dir_lock.h"
#include "run/run_info.h"
#include "train/config.h"
#include "train/noise_bank.h"

typedef enum run_file {
    RUN_CONFIG, RUN_INFO, RUN_METRICS, RUN_BEST, RUN_FIRST, RUN_STARTS
} run_file;

#define RUN_REPLAY "replay-buffer.safetensors" /* of imported weights (import.h) */

/* Path of one of the files; owned by the caller. */
jem_status run_path(char **out, const char *folder, run_file file);

/* ---- reading a run: for every command that uses a trained model */

typedef struct run {
    char *path;
    config cfg;   /* with the data's sizes in cfg.model */
    run_info info;
    run_identity identity;
    model *m;     /* with the weights of the selected epoch */
    splits data;  /* empty until run_load_data */
} run;

/* Opens RUN with its selected weights; if best.safetensors is damaged, with their copy
 * in checkpoints and a warning.  `lists`: what its settings may name.  `assignments`: "engine.threads=1" and
 * "data.path=DIR" may differ from training, and all of data.* where there were none (data_kind_none),
 * nothing else (JEM_EUSAGE, also
 * if config.yaml was changed since, or the weights are another run's).  JEM_EDATA if
 * `path` is no run or has no weights yet. */
jem_status run_open(run **out, const config_lists *lists, const char *path,
                    const char *const *assignments, int count);
void run_close(run *r); /* NULL is fine */

/* lambda of the iteration whose weights were kept. */
double run_step_size(const run *r);

/* The run's training, validation and test images into r->data.  A warning is logged
 * if they are not the ones it was trained on. */
jem_status run_load_data(run *r);

/* The newest replay buffer, or that which came with imported weights: images [n][c][h][w] in network units,
 * owned (mem_free).  JEM_EDATA if there is none (alpha = 0). */
jem_status run_replay(float **images, int64_t *n, const run *r);

/* The bank of encoded noise that the chains of a run with sampler.start encoded_noise began
 * in, from the same file.  JEM_EDATA if there is none (alpha = 0). */
jem_status run_noise_bank(noise_bank *out, const run *r);

/* A model with the weights of the first epoch; NULL where the selected ones are the same,
 * none were kept (alpha = 0, older runs), or, with a warning, they are damaged. */
jem_status run_first_epoch(model **out, const run *r);

/* Is `path` a folder with a run in it?  (A study keeps a config.yaml, too.) */
bool run_is(const char *path);

/* ---- making a run */

/* Settings of an existing run folder. */
jem_status run_load_config(config *cfg, const config_lists *lists, const char *folder);
/* Sets assignments whose key begins with one of the two allowed names. */
jem_status run_override(config *cfg, const char *const *assignments, int count);

typedef enum run_claim { RUN_NEW, RUN_UNFINISHED, RUN_DONE } run_claim;
/* May a training with these settings use the folder?  JEM_EUSAGE if it holds
 * something else: the message says what differs and what to do.  A run whose run.json is
 * missing or damaged counts as unfinished, with a warning: its checkpoints know better. */
jem_status run_claim_folder(run_claim *out, const char *folder, config *cfg);
/* Makes the folder if need be (*made) and holds it for this process until *lock is unlocked
 * (base/dir_lock.h): before anything is read or written there, so that of two trainings begun
 * on one folder the second changes nothing.  JEM_EUSAGE if another process holds it. */
jem_status run_lock_folder(dir_held **lock, bool *made, const char *folder);
/* Writes config.yaml into the folder, after config_absolute_paths, and removes what a killed run left
 * of its first file. */
jem_status run_create(const char *folder, config *cfg);
/* Where cfg's data lie is what the run's config.yaml says from now on; nothing else of it changes. */
jem_status run_keep_data_path(const char *folder, config *cfg);

jem_status run_read_info(run_info *info, const char *folder); /* run.json; fails as run_info_read */
/* Fills info's list of files with those that are there first. */
jem_status run_write_info(run_info *info, const char *folder);

/* Takes classes and image size from the data. */
void config_take_data(config *cfg, const dataset *d);

/* A finished run is not trained, so nobody would notice that other images are meant: where cfg leads
 * elsewhere than the run's config.yaml, compares the images.  *hash: of cfg's, 0 until they have
 * been read.  JEM_EUSAGE if they differ. */
jem_status run_confirm_data(uint64_t *hash, const char *folder, const config *cfg);

/* data_load for a run.  If there is nothing where its own config.yaml leads, the
 * message says so, and that --set data.path=FOLDER helps. */
jem_status run_read_data(splits *out, const config *cfg, const char *folder);

#endif
