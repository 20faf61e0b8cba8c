/* jem_engine_options as settings: checked where all settings are. */
#ifndef LIB_LIB_ENGINE_H
#define LIB_LIB_ENGINE_H

#include "jem/model.h"
#include "model/engine.h"

enum { LIB_ENGINE_KEYS = 3, LIB_ENGINE_TEXT = 128 };

/* What the caller sets, as "engine.key=value". */
typedef struct lib_engine {
    char text[LIB_ENGINE_KEYS][LIB_ENGINE_TEXT];
    const char *items[LIB_ENGINE_KEYS]; /* [count], into text */
    int count;
} lib_engine;

/* *out <- what `asked` sets, NULL for nothing; it stays where it is.  JEM_EUSAGE, naming `function`, if no
 * engine can be so. */
jem_status lib_engine_take(lib_engine *out, const jem_engine_options *asked, const char *function);
/* The defaults, changed by it. */
jem_status lib_engine_spec(engine_spec *out, const lib_engine *e);

#endif
