/* jem/settings.h over the tables of train/config.h. */
#include "jem/settings.h"

#include <string.h>

#include "base/mem.h"
#include "base/options_table.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "train/config.h"

_Static_assert((int)JEM_SETTING_LIST == (int)OPTION_LIST, "jem_setting_kind follows option_kind");

/* Key number `index`, or how many there are behind the last. */
static jem_status find(jem_setting *out, int64_t *count, int64_t index)
{
    jem_status st;
    config *c = NULL;
    *count = 0;
    TRY(MEM_NEW(c, 1));
    TRY(config_defaults(c, &config_builtin));
    for (option_place p = {NULL, NULL, 0}; options_next(config_groups(c), &p); ++*count) {
        char key[OPTION_KEY_MAX];
        const option *o = p.option;
        if (*count != index) continue;
        options_full_key(&p, key);
        *out = (jem_setting){.size = sizeof *out,
                             .kind = (jem_setting_kind)o->kind,
                             .default_text = o->default_text,
                             .min = o->min,
                             .max = o->max,
                             .choices = o->choices,
                             .help = o->help};
        memcpy(out->key, key, strnlen(key, sizeof out->key - 1));
        break;
    }
done:
    mem_free(c);
    return st;
}

int64_t jem_setting_count(void)
{
    LIB_CALL;
    jem_setting none;
    int64_t count;
    return find(&none, &count, -1) == JEM_OK ? count : 0;
}

jem_status jem_setting_at(jem_setting *out, int64_t index)
{
    LIB_CALL;
    jem_status st;
    jem_setting found = JEM_SETTING_INIT;
    int64_t count;
    HOST_NEED(out);
    if (index < 0) return jem_error(JEM_EUSAGE, "%s: index = %lld is negative", __func__, (long long)index);
    TRY(find(&found, &count, index));
    if (!found.help)
        return jem_error(JEM_EUSAGE, "%s: index = %lld; there are %lld settings", __func__, (long long)index,
                         (long long)count);
    TRY(lib_hand_out(out, &found, __func__, "JEM_SETTING_INIT"));
done:
    return st;
}
