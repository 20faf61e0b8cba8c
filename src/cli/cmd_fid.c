/* jem fid: the Frechet Inception distance of pictures, as clean-fid measures it (study/measure_fid.h). */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/try.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/run_steps.h"
#include "cli/startup.h"
#include "study/measure_fid.h"

typedef struct fid_flags {
    const char *samples, *reference, *weights, *save;
    cli_list set;
    int64_t threads;
} fid_flags;

#define AT(field) offsetof(fid_flags, field)

static const cli_argument arguments[] = {
    {"RUN|FOLDER|FILE", AT(samples),
     .help = "a run (its replay buffer), a folder of PNG and JPEG files, an array [N,C,H,W] (.npy), or statistics (.npz)"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--reference", CLI_TEXT, AT(reference), "FOLDER|FILE",
     .help = "what they are compared with: likewise; of a run its training images. Without it, those of RUN"},
    {"--weights", CLI_TEXT, AT(weights), "FILE",
     .help = "pt_inception-2015-12-05-6726825d.pth of pytorch-fid"},
    {"--save", CLI_TEXT, AT(save), "FILE.npz", .help = "keep the statistics (mu, sigma) of the first"},
    CLI_SET(fid_flags, set, "engine.*, or data.path"),
    CLI_ON_DEVICE(fid_flags, set),
    CLI_THREADS(fid_flags, threads, RUN_THREADS_MAX),
    {.name = NULL},
};

static void show_side(const char *role, const char *what, int64_t n)
{
    if (n > 0)
        cli_print("%-10s %s, %" PRId64 " pictures\n", role, what, n);
    else
        cli_print("%-10s %s\n", role, what);
}

static jem_status fid(const cli_lists *lists, int argc, char **argv)
{
    fid_flags f;
    char threads[RUN_THREADS];
    fid_result r;
    jem_status st;

    TRY(cli_parse(&f, &command_fid, argc, argv));
    run_threads(&f.set, threads, f.threads);
    if (f.save) TRY(run_check_output(f.save, (const char *[]){".npz", NULL}));
    const volatile sig_atomic_t *stop = cli_catch_signals();
    TRY(measure_fid(&r, &(fid_request){.lists = &lists->settings, .samples = f.samples,
                                       .reference = f.reference, .weights = f.weights, .save = f.save,
                                       .set = f.set.values, .set_count = f.set.count, .stop = stop}));
    if (!isnan(r.distance)) cli_print("%-10s %.6g\n", "fid", r.distance);
    show_side("of", r.samples_what, r.samples);
    if (!isnan(r.distance)) show_side("against", r.reference_what, r.reference);
    if (*r.weights_hash) cli_print("%-10s %s\n", "weights", r.weights_hash);
    if (f.save) cli_print("%-10s %s\n", "saved", f.save);
done:
    return st;
}

const command command_fid = {
    .name = "fid",
    .about = "Frechet Inception distance (Clean-FID) between samples and a reference",
    .arguments = arguments,
    .options = options,
    .examples = {"fid runs/a --weights pt_inception-2015-12-05-6726825d.pth",
                 "fid samples/ --reference cifar10_clean_train_32.npz --weights pt_inception-2015-12-05-6726825d.pth"},
    .run = fid,
};
