/* What can be set, as data: for help, for checks before a training, for forms and notebooks.
 *
 *   for (int64_t i = 0; i < jem_setting_count(); i++) {
 *       jem_setting s = JEM_SETTING_INIT;
 *       if (jem_setting_at(&s, i) == JEM_OK) printf("%-28s %s\n", s.key, s.help);
 *   } */
#ifndef JEM_SETTINGS_H
#define JEM_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jem_setting_kind {
    JEM_SETTING_BOOL,
    JEM_SETTING_INT,
    JEM_SETTING_REAL,
    JEM_SETTING_TEXT,
    JEM_SETTING_CHOICE,
    JEM_SETTING_LIST /* of reals: [a, b, c] */
} jem_setting_kind;

enum { JEM_SETTING_KEY_MAX = 64 };

/* A key of a config, or of --set.  Texts but the key are static. */
typedef struct jem_setting {
    size_t size;                   /* of this struct; JEM_SETTING_INIT sets it */
    char key[JEM_SETTING_KEY_MAX]; /* "train.lr" */
    jem_setting_kind kind;
    const char *default_text;      /* as a config has it */
    double min, max;               /* of numbers and of a list's; both 0: any */
    const char *choices;           /* "linear|constant"; NULL for other kinds */
    const char *help;              /* one line, with the unit */
} jem_setting;

#define JEM_SETTING_INIT {sizeof(jem_setting), {0}, JEM_SETTING_BOOL, NULL, 0, 0, NULL, NULL}

/* How many keys a training has, those of the default network among them; 0 if memory is short. */
JEM_API int64_t jem_setting_count(void);
/* *out <- key number `index`, in the order of `jem train --keys`.  JEM_EUSAGE beyond them. */
JEM_API jem_status jem_setting_at(jem_setting *out, int64_t index);

#ifdef __cplusplus
}
#endif
#endif
