/* The folder of a run as jem resume, eval and info read it before there is a network: settings,
 * status, log, the headers of checkpoints and what they refer to, all in one case (fuzz_folder).
 * What a checkpoint holds fuzz_manifest loads. */
#include <string.h>

#include "base/append_file.h"
#include "base/mem.h"
#include "fuzz.h"
#include "run/checkpoint_files.h"
#include "run/checkpoint_store.h"
#include "run/metrics.h"
#include "run/run.h"
#include "tensor/safetensors_checksum.h"
#include "train/objective_eq8.h"

#define RUN "run"

/* The log is opened to be gone on with; nothing is written here. */
jem_status __wrap_append_file_open(append_file *f, const char *path);
jem_status __wrap_append_file_cut(append_file *f, int64_t size);
void __wrap_append_file_close(append_file *f);
jem_status __wrap_file_write(const char *path, const void *data, size_t size);
jem_status __wrap_file_remove_leftovers(const char *folder);
void __wrap_safetensors_checksum_text(char *text, XXH128_hash_t hash);

/* Files whose checksum is 0 are whole. */
void __wrap_safetensors_checksum_text(char *text, XXH128_hash_t hash)
{
    (void)hash;
    memcpy(text, CHECKSUM_BLANK, sizeof CHECKSUM_BLANK);
}

jem_status __wrap_append_file_open(append_file *f, const char *path)
{
    char *copy = NULL;
    jem_status st = mem_strdup(&copy, path);
    *f = (append_file){.fd = -1, .path = copy};
    return st;
}

jem_status __wrap_append_file_cut(append_file *f, int64_t size)
{
    fuzz_expect(size >= 0);
    f->size = size;
    return JEM_OK;
}

void __wrap_append_file_close(append_file *f)
{
    mem_free(f->path);
    *f = (append_file)APPEND_FILE_INIT;
}

jem_status __wrap_file_write(const char *path, const void *data, size_t size)
{
    (void)path;
    fuzz_touch(data, size);
    return JEM_OK;
}

jem_status __wrap_file_remove_leftovers(const char *folder)
{
    (void)folder;
    return JEM_OK;
}

/* A run that diverged says so, whatever the folder holds. */
static void claim(config *cfg)
{
    run_claim c;
    jem_status st = run_claim_folder(&c, RUN, cfg);

    if (st != JEM_EDIVERGED && !fuzz_refused(st, RUN))
        fuzz_expect(c == RUN_NEW || c == RUN_UNFINISHED || c == RUN_DONE);
}

static void read_checkpoints(const run_info *info)
{
    checkpoint_files files = CHECKPOINT_FILES_INIT;
    run_info manifest = *info;
    char *path = NULL;

    fuzz_expect(checkpoint_files_list(&files, RUN) == JEM_OK);
    checkpoint_files_keep(&files, checkpoint_files_newest(&files));
    for (int i = 1; i < files.count; i++)
        fuzz_expect(files.items[i - 1].iteration <= files.items[i].iteration);
    checkpoint_files_clear(&files);
    fuzz_expect(checkpoint_manifest(&manifest, RUN) == JEM_OK);
    fuzz_expect(manifest.file_count >= 0 && manifest.file_count <= RUN_INFO_FILES);
    fuzz_refused(checkpoint_newest(&path, RUN), RUN);
    mem_free(path);
    path = NULL;
    if (info->best.iteration >= 0) fuzz_refused(best_find(&path, RUN, info->best.iteration), RUN);
    mem_free(path);
}

static void read_log(int64_t iteration)
{
    metrics_log log = METRICS_LOG_INIT;

    if (fuzz_refused(metrics_open(&log, RUN "/metrics.csv", &objective_eq8, iteration), RUN "/metrics.csv")) return;
    metrics_close(&log);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static config cfg;
    static run_info info;

    fuzz_folder(RUN, data, size);
    fuzz_expect(config_defaults(&cfg, &config_builtin) == JEM_OK);
    if (fuzz_refused(run_load_config(&cfg, &config_builtin, RUN), RUN)) return;
    claim(&cfg);
    info = (run_info){.status = RUN_RUNNING};
    fuzz_refused(run_read_info(&info, RUN), RUN "/run.json");
    read_checkpoints(&info);
    read_log(info.iteration);
}
