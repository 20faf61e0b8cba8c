/* jem/model.h: what it promises, by the functions of model/ and run/run.h. */
#include "lib/lib_model.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_engine.h"
#include "model/model_f64.h"

static void release(jem_model *m)
{
    if (m->r)
        run_close(m->r);
    else
        model_free(m->m);
    mem_free(m);
}

jem_model *lib_model_enter(jem_model *m)
{
    return lib_turn_take(&m->turn) ? m : NULL;
}

void lib_model_leave(jem_model *const *m)
{
    if (*m && lib_turn_end(&(*m)->turn)) release(*m);
}

static jem_status open_weights(model **out, const char *path, const lib_engine *set)
{
    jem_status st;
    model_spec *spec = NULL; /* large: not on the stack */
    engine_spec engine;
    model *m = NULL;

    TRY(lib_engine_spec(&engine, set));
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
    lib_engine set;
    jem_model *m = NULL;

    HOST_NEED(out);
    HOST_NEED(path);
    TRY(lib_engine_take(&set, asked, __func__));
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
    if (m && lib_turn_last(&m->turn)) release(m);
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
    LIB_MODEL(m);
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
    LIB_MODEL(m);
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

enum { NAMES_MOST = 63 }; /* model_features */

/* list [count + 1] <- the names, and NULL behind them. */
static jem_status take_names(const char **list, const jem_model *m, const char *const *names, int count,
                             const char *function)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < count; i++) {
        if (!names[i]) return jem_error(JEM_EUSAGE, "%s: names[%d] is NULL", function, i);
        TRY(model_feature(m->m, names[i], NULL, 0, NULL, NULL));
        list[i] = names[i];
    }
    list[count] = NULL;
done:
    return st;
}

static jem_status check_count(int count, const char *function)
{
    if (count >= 0 && count <= NAMES_MOST) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: count = %d names; choose 0 to %d", function, count, NAMES_MOST);
}

jem_status jem_model_features(jem_model *m, const char *const *names, int count, const float *x, int64_t n,
                              float *const *dst)
{
    LIB_CALL;
    jem_status st;
    const char *list[NAMES_MOST + 1];
    LIB_MODEL(m);
    TRY(check_count(count, __func__));
    if (count > 0) {
        HOST_NEED(names);
        HOST_NEED(dst);
    }
    if (n > 0) HOST_NEED(x);
    TRY(lib_check_images(n, __func__));
    TRY(take_names(list, m, names, count, __func__));
    for (int i = 0; i < count; i++)
        if (!dst[i]) return jem_error(JEM_EUSAGE, "%s: dst[%d] is NULL", __func__, i);
    if (count > 0) TRY(model_features(m->m, list, x, n, dst));
done:
    return st;
}

jem_status jem_model_evaluate_f64(jem_model *m, const double *x, int64_t n, const jem_evaluation_f64 *asked)
{
    LIB_CALL;
    jem_status st;
    jem_evaluation_f64 want = JEM_EVALUATION_F64_INIT;
    const char *list[NAMES_MOST + 1];
    LIB_MODEL(m);
    if (!asked) return jem_error(JEM_EUSAGE, "%s: want is NULL", __func__);
    TRY(lib_options(&want, sizeof want, asked, __func__, "JEM_EVALUATION_F64_INIT"));
    if (n > 0) HOST_NEED(x);
    TRY(lib_check_images(n, __func__));
    TRY(lib_check_classes(m, want.y, n, __func__));
    TRY(check_count(want.count, __func__));
    if (want.count > 0 && (!want.names || !want.values))
        return jem_error(JEM_EUSAGE, "%s: want->count = %d, but names or values is NULL", __func__, want.count);
    TRY(take_names(list, m, want.names, want.count, __func__));
    for (int i = 0; i < want.count; i++)
        if (!want.values[i]) return jem_error(JEM_EUSAGE, "%s: want->values[%d] is NULL", __func__, i);
    TRY(model_evaluate_f64(m->m, &(model_f64_call){.x = x, .n = n, .y = want.y, .logits = want.logits,
                                                   .lse = want.lse, .grad = want.grad,
                                                   .names = want.count > 0 ? list : NULL,
                                                   .values = want.values}));
done:
    return st;
}
