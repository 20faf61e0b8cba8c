/* Wide residual networks named by tests. */
#ifndef SUPPORT_WRN_SPEC_H
#define SUPPORT_WRN_SPEC_H

#include <string.h>

#include "model/wrn.h"

/* The network of `s`, which has a name and sizes, with these settings. */
static inline model_spec wrn_spec(model_spec s, wrn_settings settings)
{
    s.network = &network_wrn;
    memcpy(&s.settings, &settings, sizeof settings);
    return s;
}

static inline wrn_settings *wrn_settings_of(model_spec *s)
{
    return (wrn_settings *)(void *)&s->settings;
}

#endif
