/* A study handed to Slurm: scripts are written and submitted, and this process ends (slurm.h). */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "study/slurm.h"

/* A script, and how its text is made. */
typedef struct script {
    const char *name;
    void (*make)(strbuf *t, const slurm_job *j);
    bool kept; /* once it is there */
} script;

static void eval_script(strbuf *t, const slurm_job *j)
{
    slurm_step_script(t, j, (const char *[]){"eval", j->study, NULL});
}

static void bench_script(strbuf *t, const slurm_job *j)
{
    slurm_step_script(t, j, (const char *[]){"bench", "all", j->study, NULL});
}

static const script scripts[] = {{"array.sh", slurm_array_script, false},
                                 {"eval.sh", eval_script, false},
                                 {"bench.sh", bench_script, false},
                                 {"report.sh", slurm_report_script, false},
                                 {"jem", slurm_program_script, true},
                                 {"tasks", slurm_task_list, false},
                                 {"submit.sh", slurm_submit_script, false}};

/* Slurm takes a path of a job apart at % and \, and no script survives a line break in one. */
static jem_status absolute(char **out, const char *study)
{
    char path[PATH_MAX];
    if (!realpath(study, path)) return jem_error(JEM_EIO, "%s: %s", study, strerror(errno));
    if (!plain_is(path))
        return jem_error(JEM_EUSAGE, "%s: its path has characters that cannot be shown; a study for Slurm needs another "
                         "--out", study);
    return mem_strdup(out, path);
}

static jem_status own_program(char **out)
{
    char path[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0) return jem_error(JEM_EIO, "/proc/self/exe: %s", strerror(errno));
    path[n] = '\0';
    return mem_strdup(out, path);
}

static jem_status write_script(const script *s, const slurm_job *j)
{
    jem_status st;
    strbuf text = STRBUF_INIT;
    char *path = NULL;

    TRY(str_format(&path, "%s/slurm/%s", j->study, s->name));
    if (s->kept && file_exists(path)) goto done;
    s->make(&text, j);
    TRY(strbuf_status(&text));
    TRY(file_write(path, text.data, text.used));
done:
    strbuf_clear(&text);
    mem_free(path);
    return st;
}

static jem_status write_scripts(const slurm_job *j)
{
    jem_status st;
    char *folder = NULL;

    TRY(str_format(&folder, "%s/slurm", j->study));
    TRY(dir_make(folder));
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) TRY(write_script(&scripts[i], j));
done:
    mem_free(folder);
    return st;
}

static jem_status show_script(const slurm_job *j, const slurm_options *o)
{
    jem_status st;
    strbuf text = STRBUF_INIT;

    slurm_submit_script(&text, j);
    TRY(strbuf_status(&text));
    o->tell(o->ctx, text.data);
done:
    strbuf_clear(&text);
    return st;
}

static jem_status run_script(const slurm_job *j, const slurm_options *o)
{
    jem_status st;
    char *path = NULL, *said = NULL;

    TRY(str_format(&path, "%s/slurm/submit.sh", j->study));
    TRY(slurm_call(&said, (const char *[]){"bash", path, NULL}));
    o->tell(o->ctx, said);
done:
    mem_free(path);
    mem_free(said);
    return st;
}

static int count_waiting(const launch_batch *b)
{
    int n = 0;
    for (int i = 0; i < b->count; i++) n += b->runs[i].state == SWEEP_WAITING;
    return n;
}

static jem_status submit(const launch_options *with, const launch_batch *b)
{
    jem_status st;
    const slurm_options *o = with->own;
    char *study = NULL, *program = NULL, line[64];
    const int waiting = count_waiting(b);

    if (waiting == 0) {
        o->tell(o->ctx, "no run is left to be trained: nothing is submitted");
        return JEM_OK;
    }
    TRY(absolute(&study, b->study));
    TRY(own_program(&program));
    slurm_job j = {.study = study, .program = program, .args = o->args, .arg_count = o->arg_count,
                   .at_once = o->at_once, .set = b->set, .set_count = b->set_count, .runs = b->runs,
                   .count = b->count};
    snprintf(line, sizeof line, "%d of %d runs are to be trained", waiting, b->count);
    o->tell(o->ctx, line);
    TRY(slurm_needs(&j, b, o));
    if (o->dry)
        st = show_script(&j, o);
    else
        TRY(write_scripts(&j));
    if (!o->dry && !o->write_only) TRY(run_script(&j, o));
done:
    mem_free(study);
    mem_free(program);
    return st;
}

const launcher launcher_slurm = {.name = "slurm", .submit = submit};
