/* Who trains a run: see run_owner.h. */
#include "run/run_owner.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "record/json_file.h"

enum { LARGEST = 4096, HOST = HOST_NAME_MAX + 1, JOB = 64 };
static const double touch_every_s = 60;

static void own_host(char host[HOST])
{
    if (gethostname(host, HOST) != 0) snprintf(host, HOST, "localhost");
    host[HOST - 1] = '\0';
}

/* "12_3", "12"; "" outside of a batch job. */
static void own_job(char job[JOB])
{
    const char *array = getenv("SLURM_ARRAY_JOB_ID"), *task = getenv("SLURM_ARRAY_TASK_ID"), *id = getenv("SLURM_JOB_ID");
    job[0] = '\0';
    if (array && task)
        plain_format(job, JOB, "%s_%s", array, task);
    else if (id)
        plain_format(job, JOB, "%s", id);
}

/* File systems that several machines have at once: statfs(2), and the makers' own headers. */
static bool is_shared(const char *folder)
{
    static const unsigned shared[] = {0x6969 /* NFS */, 0x0bd00bd0 /* Lustre */, 0x47504653 /* GPFS */,
                                      0x19830326 /* BeeGFS */, 0x00c36400 /* Ceph */, 0xff534d42 /* CIFS */,
                                      0xfe534d42 /* SMB2 */, 0x65735546 /* FUSE */, 0x5346414f /* AFS */};
    struct statfs s;
    if (statfs(folder, &s) != 0) return false;
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if ((unsigned)s.f_type == shared[i]) return true;
    return false;
}

static bool is_fresh(const char *path)
{
    struct stat s;
    const char *rest;
    const int dir = dir_at(&rest, path);
    return fstatat(dir, rest, &s, 0) == 0 && difftime(time(NULL), s.st_mtime) < RUN_OWNER_PATIENCE_S;
}

bool run_owner_is_at_work(char who[RUN_OWNER_TEXT], const char *folder, const char *job)
{
    char host[HOST], *path = NULL;
    const char *at, *its_job;
    json_t *root = NULL;
    bool works = false;

    own_host(host);
    if (str_format(&path, "%s/owner", folder) == JEM_OK && file_exists(path) && is_fresh(path) &&
        json_read(&root, path, LARGEST) == JEM_OK &&
        json_unpack(root, "{s:s s:s}", "host", &at, "job", &its_job) == 0) {
        works = strcmp(at, host) != 0 && !(job && job[0] && strcmp(job, its_job) == 0);
        plain_format(who, RUN_OWNER_TEXT, its_job[0] ? "%s (job %s)" : "%s%s", at, its_job);
    }
    json_decref(root);
    mem_free(path);
    return works;
}

jem_status run_owner_check(const char *folder)
{
    char job[JOB], who[RUN_OWNER_TEXT];
    own_job(job);
    if (!run_owner_is_at_work(who, folder, job)) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: is being trained on %s, as %s/owner says; wait for it to end, or remove that file if "
                     "you know that it has", folder, who, folder);
}

jem_status run_owner_take(run_owner *o, const char *folder)
{
    jem_status st = JEM_OK;
    char host[HOST], job[JOB];
    run_owner b = RUN_OWNER_INIT;
    json_t *root = NULL;

    own_host(host);
    own_job(job);
    if (!job[0] && !is_shared(folder)) return JEM_OK;
    TRY(str_format(&b.path, "%s/owner", folder));
    root = json_pack("{s:s s:I s:s}", "host", host, "pid", (json_int_t)getpid(), "job", job);
    TRY(json_file_write(b.path, root));
    b.touched_s = clock_s();
    *o = b;
    b.path = NULL;
done:
    json_decref(root);
    mem_free(b.path);
    return st;
}

void run_owner_touch(run_owner *o)
{
    const char *rest;
    if (!o->path || clock_s() - o->touched_s < touch_every_s) return;
    o->touched_s = clock_s();
    const int dir = dir_at(&rest, o->path);
    if (utimensat(dir, rest, NULL, 0) != 0) return;
}

void run_owner_release(run_owner *o)
{
    if (o->path) file_remove(o->path);
    mem_free(o->path);
    *o = (run_owner)RUN_OWNER_INIT;
}
