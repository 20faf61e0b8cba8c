/* jem refine: Langevin steps on a picture, and what the model thinks before and after.
 * The step size is the training's, held constant: the number of steps varies
 * (models.md C.5; the study's section 4.4). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/run_steps.h"
#include "data/units.h"
#include "stats/classify.h"

typedef struct refining {
    const char *args[2]; /* RUN, IMAGE */
    const char *steps_text, *class_text, *seed_text, *threads, *out;
    int64_t steps, chosen_class, seed; /* chosen_class -1: climb log-sum-exp */
    cli_list set; /* engine.* for the run */
} refining;

static jem_status parse(refining *f, int argc, char **argv)
{
    jem_status st;
    const cli_flag flags[] = {{.name = "--steps", .value = &f->steps_text},
                              {.name = "--class", .value = &f->class_text},
                              {.name = "--seed", .value = &f->seed_text},
                              {.name = "--threads", .value = &f->threads},
                              {.name = "--set", .list = &f->set},
                              {.name = "--out", .value = &f->out},
                              {.name = "-o", .value = &f->out},
                              {.name = NULL}};
    TRY(cli_parse(argc, argv, &command_refine, flags, f->args, 2, 2));
    TRY(cli_int(&f->steps, f->steps_text, "--steps", 0, 1000000));
    TRY(cli_int(&f->seed, f->seed_text, "--seed", 0, INT64_MAX));
done:
    return st;
}

/* The picture in network units, cut to the model's size the way data are. */
static jem_status load_picture(float *x, const char *path, shape s)
{
    jem_status st;
    image picture = IMAGE_INIT, square = IMAGE_INIT;
    uint8_t *planar = NULL;
    float table[256];

    if (s.c != 3)
        return jem_error(JEM_EDATA, "the model takes %lld channels; refine needs one for pictures "
                         "with 3", (long long)s.c);
    TRY(image_read(&picture, path));
    if (picture.height != s.h || picture.width != s.w) {
        if (s.h != s.w) {
            st = jem_error(JEM_EDATA, "%s: %lldx%lld pixels; the model takes %lldx%lld", path,
                           (long long)picture.width, (long long)picture.height, (long long)s.w,
                           (long long)s.h);
            goto done;
        }
        log_info("%s: %lldx%lld pixels, resized and cropped to %lldx%lld", path,
                 (long long)picture.width, (long long)picture.height, (long long)s.w,
                 (long long)s.h);
        TRY(image_resize_square(&square, &picture, s.h));
    } else {
        square = picture;
        picture = (image)IMAGE_INIT;
    }
    TRY(MEM_NEW(planar, shape_count(s)));
    image_to_planar(planar, &square);
    units_table(table);
    for (int64_t i = 0; i < shape_count(s); i++) x[i] = table[planar[i]];
done:
    image_clear(&picture);
    image_clear(&square);
    mem_free(planar);
    return st;
}

static jem_status refine_image(float *x, const refining *f, const run *r)
{
    sampler_options o = r->cfg.sampler;
    int32_t y = (int32_t)f->chosen_class;
    o.steps = f->steps;
    o.decay = DECAY_CONSTANT;
    const sgld_call call = {.options = &o, .step_size = run_step_size(r),
                            .noise = {(uint64_t)f->seed, RNG_SAMPLE_NOISE, 0, 0},
                            .y = f->chosen_class >= 0 ? &y : NULL};
    log_info("%lld steps, constant step size %g, noise %g", (long long)f->steps, call.step_size,
             o.noise_std);
    return f->steps > 0 ? sgld_chain(r->m, &call, x, 1) : JEM_OK;
}

/* Energy and class probabilities of two images x [2][c][h][w]. */
static jem_status compare(const run *r, const float *x)
{
    jem_status st;
    int64_t k = model_classes(r->m);
    float *logits = NULL, lse[2];
    double *p = NULL;

    TRY(MEM_NEW(logits, 2 * k));
    TRY(MEM_NEW(p, 2 * k));
    TRY(model_evaluate(r->m, x, 2, NULL, logits, lse, NULL));
    for (int64_t i = 0; i < 2 * k; i++) p[i] = (double)logits[i];
    int64_t before = stats_argmax(p, k), after = stats_argmax(p + k, k);
    stats_softmax(p, p, 2, k);
    printf("%-12s %12s %12s\n", "", "before", "after");
    printf("%-12s %12.6g %12.6g\n", "energy", -(double)lse[0], -(double)lse[1]);
    printf("%-12s %12lld %12lld\n", "class", (long long)before, (long long)after);
    for (int64_t c = 0; c < k; c++) {
        char name[32];
        snprintf(name, sizeof name, "p(%lld)", (long long)c);
        printf("%-12s %12.6f %12.6f\n", name, p[c], p[k + c]);
    }
done:
    mem_free(logits);
    mem_free(p);
    return st;
}

static jem_status refine(int argc, char **argv)
{
    refining f = {.steps_text = "20", .seed_text = "0", .chosen_class = -1};
    char threads[64];
    run *r = NULL;
    float *x = NULL;
    jem_status st;

    TRY(parse(&f, argc, argv));
    TRY(run_threads(threads, sizeof threads, f.threads));
    if (threads[0]) f.set.values[f.set.count++] = threads;
    TRY(run_open(&r, f.args[0], f.set.values, f.set.count));
    if (f.class_text)
        TRY(cli_int(&f.chosen_class, f.class_text, "--class", 0, model_classes(r->m) - 1));
    const shape s = {r->info.channels, r->info.height, r->info.width};
    int64_t size = shape_count(s);
    TRY(MEM_NEW(x, 2 * size));
    TRY(load_picture(x, f.args[1], s));
    memcpy(x + size, x, (size_t)size * sizeof *x);
    TRY(refine_image(x + size, &f, r));
    TRY(compare(r, x));
    if (f.out) TRY(run_save_grid(f.out, x, 2, s, 2));
done:
    mem_free(x);
    run_close(r);
    return st;
}

const command command_refine = {
    .name = "refine",
    .usage = "refine RUN IMAGE [--steps 20] [--class C] [--seed N] [--device cpu|cuda] "
             "[--threads N] [-o OUT.png]",
    .about = "take Langevin steps on a picture; print energy and class before and after, save "
             "both side by side",
    .run = refine,
};
