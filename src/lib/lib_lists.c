/* jem/lists.h over the registries. */
#include "jem/lists.h"

#include <string.h>

#include "backend/device.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "lib/lib_call.h"
#include "train/config.h"
#include "train/objective.h"

/* Number `index` of a list that ends with NULL; false behind it. */
typedef bool (*choice_fn)(jem_choice *out, int64_t index);

static bool model_at(jem_choice *out, int64_t index)
{
    for (const network *const *n = config_builtin.networks; *n; n++)
        if (network_is_named(*n) && index-- == 0) {
            *out = (jem_choice){sizeof *out, (*n)->name, (*n)->about, (*n)->weights};
            return true;
        }
    return false;
}

static bool objective_at(jem_choice *out, int64_t index)
{
    for (const objective *const *o = config_builtin.objectives; *o; o++)
        if (index-- == 0) {
            *out = (jem_choice){sizeof *out, (*o)->name, (*o)->about, NULL};
            return true;
        }
    return false;
}

static bool data_at(jem_choice *out, int64_t index)
{
    for (const data_source *const *s = config_builtin.sources; *s; s++)
        if (index-- == 0) {
            *out = (jem_choice){sizeof *out, (*s)->name, (*s)->about, (*s)->layout};
            return true;
        }
    return false;
}

static bool benchmark_at(jem_choice *out, int64_t index)
{
    for (const benchmark *const *b = benchmark_list; *b; b++)
        if (!(*b)->generative && index-- == 0) {
            *out = (jem_choice){sizeof *out, (*b)->name, (*b)->measures, (*b)->needs};
            return true;
        }
    return false;
}

static bool device_at(jem_choice *out, int64_t index)
{
    const backend *gpu = NULL;
    for (const backend *const *b = backends(); *b; b++)
        if (index-- == 0) {
            *out = (jem_choice){sizeof *out, (*b)->name, (*b)->about, NULL};
            return true;
        }
    if (index != 0 || backend_find(&gpu, "cuda") != JEM_OK) return false;
    *out = (jem_choice){sizeof *out, gpu->name, gpu->about, NULL};
    return true;
}

static const choice_fn choices[] = {model_at, objective_at, data_at, benchmark_at, device_at};
_Static_assert(sizeof choices / sizeof *choices == JEM_LIST_DEVICES + 1, "one for each jem_list");

int64_t jem_choice_count(jem_list list)
{
    LIB_CALL;
    jem_choice c;
    int64_t count = 0;
    if ((unsigned)list > JEM_LIST_DEVICES) return 0;
    while (choices[list](&c, count)) count++;
    return count;
}

jem_status jem_choice_at(jem_choice *out, jem_list list, int64_t index)
{
    LIB_CALL;
    jem_choice found = JEM_CHOICE_INIT;

    HOST_NEED(out);
    if (out->size < sizeof out->size)
        return jem_error(JEM_EUSAGE, "%s: out->size = %zu; begin with JEM_CHOICE_INIT", __func__, out->size);
    if ((unsigned)list > JEM_LIST_DEVICES)
        return jem_error(JEM_EUSAGE, "%s: list = %d is no jem_list", __func__, (int)list);
    if (index < 0 || !choices[list](&found, index))
        return jem_error(JEM_EUSAGE, "%s: index = %lld; the list has %lld", __func__, (long long)index,
                         (long long)jem_choice_count(list));
    found.size = out->size < sizeof found ? out->size : sizeof found;
    memcpy(out, &found, found.size);
    return JEM_OK;
}
