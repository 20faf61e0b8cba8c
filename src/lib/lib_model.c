/* jem/model.h over model/ and run/run.h. */
#include "lib/lib_model.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"

enum { ENGINE_KEYS = 3, ASSIGNMENT_MAX = 128 };

/* What `engine` sets, as "engine.key=value": checked where all settings are. */
typedef struct engine_set {
    char text[ENGINE_KEYS][ASSIGNMENT_MAX];
    const char *items[ENGINE_KEYS];
    int count;
} engine_set;

static char *next_item(engine_set *s)
{
    s->items[s->count] = s->text[s->count];
    return s->text[s->count++];
}

static void engine_set_fill(engine_set *s, const jem_engine_options *engine)
{
    s->count = 0;
    if (engine->device)
        snprintf(next_item(s), ASSIGNMENT_MAX, "engine.device=%s", engine->device);
    if (engine->precision != JEM_PRECISION_DEFAULT)
        snprintf(next_item(s), ASSIGNMENT_MAX, "engine.precision=%s",
                 engine->precision == JEM_PRECISION_BF16 ? "bf16" : "f32");
    if (engine->threads != 0)
        snprintf(next_item(s), ASSIGNMENT_MAX, "engine.threads=%lld", (long long)engine->threads);
}

/* Refuses what no model can be opened with before anything is opened. */
static jem_status engine_set_check(const engine_set *s, const char *function)
{
    jem_status st;
    engine_spec engine;
    const option_group groups[] = {{"engine", engine_options, &engine}, {NULL, NULL, NULL}};

    TRY(options_defaults(groups));
    for (int i = 0; i < s->count; i++) {
        char key[ASSIGNMENT_MAX];
        const int n = (int)strcspn(s->items[i], "=");
        snprintf(key, sizeof key, "%.*s", n, s->items[i]);
        TRY(options_set(groups, key, s->items[i] + n + 1, function));
    }
done:
    return st;
}

static jem_status open_weights(model **out, const char *path, const engine_set *set)
{
    jem_status st;
    model_spec *spec = NULL; /* large: not on the stack */
    engine_spec engine;
    const option_group groups[] = {{"engine", engine_options, &engine}, {NULL, NULL, NULL}};
    model *m = NULL;

    TRY(options_defaults(groups));
    for (int i = 0; i < set->count; i++) TRY(options_assign(groups, set->items[i]));
    TRY(MEM_NEW(spec, 1));
    TRY(model_spec_read(spec, network_list, path));
    TRY(model_new(&m, spec, &engine));
    TRY(model_load(m, path));
    *out = m;
    m = NULL;
done:
    model_free(m);
    mem_free(spec);
    return st;
}

jem_status jem_model_open(jem_model **out, const char *path, const jem_engine_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_engine_options engine = JEM_ENGINE_INIT;
    engine_set set;
    jem_model *m = NULL;

    HOST_NEED(out);
    HOST_NEED(path);
    TRY(lib_options(&engine, sizeof engine, asked, __func__, "JEM_ENGINE_INIT"));
    if ((unsigned)engine.precision > JEM_PRECISION_BF16)
        return jem_error(JEM_EUSAGE, "%s: engine->precision = %d is no jem_precision", __func__,
                         (int)engine.precision);
    engine_set_fill(&set, &engine);
    TRY(engine_set_check(&set, __func__));
    TRY(MEM_NEW(m, 1));
    if (dir_exists(path)) {
        TRY(run_open(&m->r, &config_builtin, path, set.items, set.count));
        m->m = m->r->m;
    } else {
        TRY(open_weights(&m->m, path, &set));
    }
    *out = m;
    m = NULL;
done:
    jem_model_free(m);
    return st;
}

void jem_model_free(jem_model *m)
{
    LIB_CALL;
    if (!m) return;
    if (m->r)
        run_close(m->r);
    else
        model_free(m->m);
    mem_free(m);
}

int64_t jem_model_channels(const jem_model *m)
{
    return m ? model_get_spec(m->m)->channels : 0;
}

int64_t jem_model_height(const jem_model *m)
{
    return m ? model_get_spec(m->m)->height : 0;
}

int64_t jem_model_width(const jem_model *m)
{
    return m ? model_get_spec(m->m)->width : 0;
}

int64_t jem_model_classes(const jem_model *m)
{
    return m ? model_classes(m->m) : 0;
}

jem_status lib_check_classes(const jem_model *m, const int32_t *y, int64_t n, const char *function)
{
    for (int64_t i = 0; y && i < n; i++)
        if (y[i] < 0 || y[i] >= model_classes(m->m))
            return jem_error(JEM_EUSAGE, "%s: y[%lld] = %d is not a class; the model has 0 to %lld",
                             function, (long long)i, (int)y[i], (long long)model_classes(m->m) - 1);
    return JEM_OK;
}

jem_status jem_model_evaluate(jem_model *m, const float *x, int64_t n, const jem_evaluation *asked)
{
    LIB_CALL;
    jem_status st;
    jem_evaluation want = JEM_EVALUATION_INIT;
    HOST_NEED(m);
    if (!asked) return jem_error(JEM_EUSAGE, "%s: want is NULL", __func__);
    TRY(lib_options(&want, sizeof want, asked, __func__, "JEM_EVALUATION_INIT"));
    if (n > 0) HOST_NEED(x);
    TRY(lib_check_images(n, __func__));
    TRY(lib_check_classes(m, want.y, n, __func__));
    TRY(model_evaluate(m->m, x, n, want.y, want.logits, want.lse, want.grad));
done:
    return st;
}

jem_status jem_model_feature(jem_model *m, const char *name, const float *x, int64_t n, float *dst,
                             int64_t shape_out[3])
{
    LIB_CALL;
    jem_status st;
    shape s;
    HOST_NEED(m);
    HOST_NEED(name);
    if (n > 0 && dst) HOST_NEED(x);
    TRY(lib_check_images(n, __func__));
    TRY(model_feature(m->m, name, x, n, dst, &s));
    if (shape_out) {
        shape_out[0] = s.c;
        shape_out[1] = s.h;
        shape_out[2] = s.w;
    }
done:
    return st;
}
