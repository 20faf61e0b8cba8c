/* jem refine: a picture moved by the model (study/refine_picture.h), and what it thinks on the way, as a
 * table and as pictures side by side; of a model on latents they are decoded. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/captioned.h"
#include "cli/class_labels.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/run_latents.h"
#include "cli/run_steps.h"
#include "cli/startup.h"
#include "stats/classify.h"
#include "study/latents_of_run.h"
#include "study/refine_picture.h"
#include "sweetspot/trend.h"

enum { STOPS_MAX = 64, CLASSES_SHOWN = 5, CLASSES_ALL = 20 };

typedef struct refining {
    const char *folder, *picture, *steps_text, *class_text, *out;
    latent_flags latent_flags;
    int64_t steps[STOPS_MAX], stops; /* numbers of steps after which we look, ascending */
    int64_t seed, threads;
    class_labels labels;
    cli_list set; /* engine.* for the run */
    bool bare;
} refining;

#define AT(field) offsetof(refining, field)

static const cli_argument arguments[] = {
    {"RUN", AT(folder), .help = "a trained run"},
    {"IMAGE", AT(picture), .help = "a PNG or JPEG, of any size"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--steps", CLI_TEXT, AT(steps_text), "20|0,5,10,20",
     .help = "numbers of Langevin steps after which it looks",
     .default_text = "20"},
    {"--class", CLI_TEXT, AT(class_text), "NAME|K",
     .help = "climb the logit of this class instead of log-sum-exp"},
    {"--seed", CLI_INT, AT(seed), "N",
     .help = "seed of the noise", .default_text = "0", .max = CLI_UNBOUNDED},
    CLI_SET(refining, set, "engine.*, or data.path"),
    CLI_ON_DEVICE(refining, set),
    CLI_THREADS(refining, threads, RUN_THREADS_MAX),
    LATENT_OPTIONS(refining, latent_flags),
    {"--bare", CLI_SWITCH, AT(bare), .help = "the pictures without their captions"},
    {"-o", CLI_TEXT, AT(out), "STRIP.png", .help = "the pictures side by side", .other = "--out"},
    {.name = NULL},
};

/* "20" is before and after; "0,5,10,20" are these. */
static jem_status parse_steps(refining *f, const char *text)
{
    jem_status st = JEM_OK;
    char copy[512], *rest = NULL;

    snprintf(copy, sizeof copy, "%s", text);
    if (!strchr(text, ',')) f->steps[f->stops++] = 0;
    for (char *part = strtok_r(copy, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        if (f->stops == STOPS_MAX)
            return jem_error(JEM_EUSAGE, "--steps: at most %d numbers", STOPS_MAX);
        TRY(cli_int(&f->steps[f->stops], part, "--steps", 0, 1000000));
        if (f->stops > 0 && f->steps[f->stops] < f->steps[f->stops - 1])
            return jem_error(JEM_EUSAGE, "--steps %s: numbers in ascending order expected", text);
        f->stops++;
    }
    if (f->stops == 0) st = jem_error(JEM_EUSAGE, "--steps: a number, or several as 0,5,10,20");
done:
    return st;
}

static jem_status parse(refining *f, int argc, char **argv)
{
    jem_status st;
    TRY(cli_parse(f, &command_refine, argc, argv));
    TRY(parse_steps(f, f->steps_text));
    if (f->out) TRY(run_check_output(f->out, (const char *[]){".png", NULL}));
done:
    return st;
}

/* Is class c among the most probable ones after any number of steps? */
static bool is_shown(const double *p, int64_t stops, int64_t k, int64_t c)
{
    for (int64_t i = 0; i < stops; i++) {
        int64_t better = 0;
        for (int64_t d = 0; d < k; d++) better += p[i * k + d] > p[i * k + c];
        if (better < CLASSES_SHOWN) return true;
    }
    return k <= CLASSES_ALL;
}

/* The widest name of a row, and of a column: of the class there, or a number. */
static void measure_table(int *row, int *column, const refining *f, const double *p, int64_t k)
{
    char class[CLASS_TEXT];

    *row = *column = 12;
    for (int64_t c = 0; c < k; c++) {
        class_text(class, c, f->labels.names);
        const int n = (int)strlen(class);
        if (is_shown(p, f->stops, k, c) && n + 3 > *row) *row = n + 3;
        for (int64_t i = 0; i < f->stops; i++)
            if (stats_argmax(p + i * k, k) == c && n > *column) *column = n;
    }
}

static void show_table(const refining *f, const double *p, const float *lse, int64_t k)
{
    char class[CLASS_TEXT], name[CLASS_TEXT + 3];
    int row, column;

    measure_table(&row, &column, f, p, k);
    cli_print("%-*s", row, "steps");
    for (int64_t i = 0; i < f->stops; i++) cli_print(" %*lld", column, (long long)f->steps[i]);
    cli_print("\n%-*s", row, "energy");
    for (int64_t i = 0; i < f->stops; i++) cli_print(" %*.6g", column, -(double)lse[i]);
    cli_print("\n%-*s", row, "class");
    for (int64_t i = 0; i < f->stops; i++) {
        class_text(class, stats_argmax(p + i * k, k), f->labels.names);
        cli_print(" %*s", column, class);
    }
    cli_print("\n");
    for (int64_t c = 0; c < k; c++) {
        if (!is_shown(p, f->stops, k, c)) continue;
        class_text(class, c, f->labels.names);
        snprintf(name, sizeof name, "p(%s)", class);
        cli_print("%-*s", row, name);
        for (int64_t i = 0; i < f->stops; i++) cli_print(" %*.6f", column, p[i * k + c]);
        cli_print("\n");
    }
}

/* Steps, energy and class below each picture, and below all what they have in common. */
static jem_status add_captions(image *strip, const refining *f, const refine_request *q, const refinement *out, const run *r)
{
    jem_status st;
    const int64_t k = model_classes(r->m);
    caption *columns = NULL, foot = {{""}};
    char class[CLASS_TEXT], energy[40];

    TRY(MEM_NEW(columns, f->stops));
    for (int64_t i = 0; i < f->stops; i++) {
        const double *p = out->p + i * k;
        const int64_t best = stats_argmax(p, k);
        caption *c = &columns[i];
        class_text(class, best, f->labels.names);
        snprintf(c->lines[0], CAPTION_TEXT, "%lld step%s", (long long)f->steps[i], f->steps[i] == 1 ? "" : "s");
        trend_number(energy, sizeof energy, -(double)out->lse[i]);
        snprintf(c->lines[1], CAPTION_TEXT, "E %s", energy);
        snprintf(c->lines[2], CAPTION_TEXT, "%s", class);
        snprintf(c->lines[3], CAPTION_TEXT, "p = %.2f", p[best]);
    }
    if (q->chosen_class >= 0) {
        class_text(class, q->chosen_class, f->labels.names);
        snprintf(foot.lines[0], CAPTION_TEXT, "α = %g, climbing the logit of %s", r->cfg.alpha, class);
    } else {
        snprintf(foot.lines[0], CAPTION_TEXT, "α = %g, climbing log-sum-exp", r->cfg.alpha);
    }
    st = caption_add(strip, columns, f->stops, &foot);
done:
    mem_free(columns);
    return st;
}

static jem_status save_strip(const refining *f, const refine_request *q, const view *v, const refinement *out, const run *r)
{
    jem_status st = JEM_OK;
    image pictures[STOPS_MAX] = {IMAGE_INIT}, strip = IMAGE_INIT;

    for (int64_t i = 0; i < f->stops; i++)
        TRY(v->ops->show(v->ctx, &pictures[i], out->x + i * shape_count(v->input)));
    TRY(run_strip(&strip, pictures, f->stops));
    if (!f->bare) TRY(add_captions(&strip, f, q, out, r));
    TRY(image_write_png(&strip, f->out));
done:
    image_clear(&strip);
    for (int64_t i = 0; i < f->stops; i++) image_clear(&pictures[i]);
    return st;
}

static jem_status refine(const cli_lists *lists, int argc, char **argv)
{
    refining f = {.stops = 0};
    char threads[RUN_THREADS];
    latent_codec codec = LATENT_CODEC_INIT;
    latent_space space;
    bool on_latents;
    view v = {.ops = NULL};
    run *r = NULL;
    refinement out = REFINEMENT_INIT;
    jem_status st;

    TRY(parse(&f, argc, argv));
    run_threads(&f.set, threads, f.threads);
    const volatile sig_atomic_t *stop = cli_catch_signals();
    TRY(run_open(&r, &lists->settings, f.folder, f.set.values, f.set.count));
    model_set_stop(r->m, stop);
    TRY(class_labels_of(&f.labels, r->path, r->info.classes, &r->cfg));
    refine_request q = {.picture = f.picture, .steps = f.steps, .stops = f.stops, .chosen_class = -1,
                        .seed = f.seed};
    if (f.class_text)
        TRY(class_labels_find(&q.chosen_class, &f.labels, f.class_text, model_classes(r->m)));
    TRY(run_latents_open(&codec, &f.latent_flags, f.threads, NULL));
    TRY(latents_of_run(&space, &on_latents, &codec, r, "a picture"));
    TRY(on_latents ? view_of_latents(&v, &space, 0) : view_of_pixels(&v, r->m));
    TRY(refine_picture(&out, &q, r, &v));
    show_table(&f, out.p, out.lse, model_classes(r->m));
    if (f.out) TRY(save_strip(&f, &q, &v, &out, r));
done:
    refinement_clear(&out);
    class_labels_clear(&f.labels);
    view_clear(&v);
    run_close(r);
    latent_codec_clear(&codec);
    return st;
}

const command command_refine = {
    .name = "refine",
    .about = "take Langevin steps on a picture; print energy and class on the way, save the "
             "pictures side by side",
    .arguments = arguments,
    .options = options,
    .examples = {"refine runs/a picture.png -o strip.png", "refine runs/a picture.jpg --steps 0,5,20,80 --class glossy"},
    .run = refine,
};
