/* What computes, as hosts ask for it: see lib_engine.h. */
#include "lib/lib_engine.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "lib/lib_call.h"

static char *next_item(lib_engine *e)
{
    e->items[e->count] = e->text[e->count];
    return e->text[e->count++];
}

static void fill(lib_engine *e, const jem_engine_options *o)
{
    e->count = 0;
    if (o->device) snprintf(next_item(e), LIB_ENGINE_TEXT, "engine.device=%s", o->device);
    if (o->precision != JEM_PRECISION_DEFAULT)
        snprintf(next_item(e), LIB_ENGINE_TEXT, "engine.precision=%s",
                 o->precision == JEM_PRECISION_BF16 ? "bf16" : "f32");
    if (o->threads != 0)
        snprintf(next_item(e), LIB_ENGINE_TEXT, "engine.threads=%lld", (long long)o->threads);
}

/* Refuses what nothing can be opened with before anything is opened. */
static jem_status check(const lib_engine *e, const char *function)
{
    jem_status st;
    engine_spec engine;
    const option_group groups[] = {{"engine", engine_options, &engine}, {NULL, NULL, NULL}};

    TRY(options_defaults(groups));
    for (int i = 0; i < e->count; i++) {
        char key[LIB_ENGINE_TEXT];
        const int n = (int)strcspn(e->items[i], "=");
        snprintf(key, sizeof key, "%.*s", n, e->items[i]);
        TRY(options_set(groups, key, e->items[i] + n + 1, function));
    }
done:
    return st;
}

jem_status lib_engine_take(lib_engine *out, const jem_engine_options *asked, const char *function)
{
    jem_status st;
    jem_engine_options o = JEM_ENGINE_INIT;

    TRY(lib_options(&o, sizeof o, asked, function, "JEM_ENGINE_INIT"));
    if ((unsigned)o.precision > JEM_PRECISION_BF16)
        return jem_error(JEM_EUSAGE, "%s: engine->precision = %d is no jem_precision", function, (int)o.precision);
    fill(out, &o);
    TRY(check(out, function));
done:
    return st;
}

jem_status lib_engine_spec(engine_spec *out, const lib_engine *e)
{
    jem_status st;
    const option_group groups[] = {{"engine", engine_options, out}, {NULL, NULL, NULL}};
    TRY(options_defaults(groups));
    for (int i = 0; i < e->count; i++) TRY(options_assign(groups, e->items[i]));
done:
    return st;
}
