/* A picture moved by the model: see refine_picture.h. */
#include "study/refine_picture.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "stats/classify.h"

/* x <- the picture as the network takes it. */
static jem_status load_picture(float *x, const view *v, const char *path)
{
    jem_status st;
    image picture = IMAGE_INIT;
    char how[256];

    TRY(image_read(&picture, path));
    const stimulus s = {.name = path, .picture = &picture};
    st = v->ops->load(v->ctx, x, &s, 1);
    if (st != JEM_OK) {
        jem_error_context(st, "%s", path);
        goto done;
    }
    v->ops->describe(v->ctx, how, sizeof how);
    if (how[0]) log_info("%s: %lldx%lld pixels, %s", path, (long long)picture.width,
                         (long long)picture.height, how);
done:
    image_clear(&picture);
    return st;
}

/* x [stops][size]: the first is there, the others are chains that begin at it with the same
 * noise. */
static jem_status refine_image(float *x, const refine_request *q, const run *r, int64_t size)
{
    jem_status st = JEM_OK;
    sampler_options o = r->cfg.sampler;
    int32_t y = (int32_t)q->chosen_class;
    o.decay = DECAY_CONSTANT;
    const sgld_call call = {.options = &o, .step_size = run_step_size(r),
                            .noise = {(uint64_t)q->seed, RNG_SAMPLE_NOISE, 0, 0},
                            .y = q->chosen_class >= 0 ? &y : NULL};
    log_info("constant step size %g, noise %g", call.step_size, o.noise_std);
    for (int64_t i = q->stops - 1; i >= 0; i--) {
        memcpy(x + i * size, x, (size_t)size * sizeof *x);
        o.steps = q->steps[i];
        if (o.steps > 0) TRY(sgld_chain(r->m, &call, x + i * size, 1));
    }
done:
    return st;
}

/* Energies and class probabilities of out->x. */
static jem_status judge(refinement *out, const run *r, int64_t n)
{
    jem_status st;
    const int64_t k = model_classes(r->m);
    float *logits = NULL;

    TRY(MEM_NEW(logits, n * k));
    TRY(model_evaluate(r->m, out->x, n, NULL, logits, out->lse, NULL));
    for (int64_t i = 0; i < n * k; i++) out->p[i] = (double)logits[i];
    stats_softmax(out->p, out->p, n, k);
done:
    mem_free(logits);
    return st;
}

jem_status refine_picture(refinement *out, const refine_request *q, const run *r, const view *v)
{
    jem_status st;
    refinement f = REFINEMENT_INIT;
    const int64_t size = shape_count(v->input);

    TRY(MEM_NEW(f.x, q->stops * size));
    TRY(MEM_NEW(f.lse, q->stops));
    TRY(MEM_NEW(f.p, q->stops * model_classes(r->m)));
    TRY(load_picture(f.x, v, q->picture));
    TRY(refine_image(f.x, q, r, size));
    TRY(judge(&f, r, q->stops));
    *out = f;
    f = (refinement)REFINEMENT_INIT;
done:
    refinement_clear(&f);
    return st;
}

void refinement_clear(refinement *f)
{
    mem_free(f->x);
    mem_free(f->lse);
    mem_free(f->p);
    *f = (refinement)REFINEMENT_INIT;
}
