/* Python pickles as data: a program for a small stack machine is followed, and nothing that it
 * names is ever looked up or called.  What a class or function would have made stays a value of
 * kind PICKLE_CALL; collections.OrderedDict alone becomes what it is, a map.
 *
 * The opcodes are those that torch.save has written since Python 2, protocols 2 to 4; any other
 * is an error.  Values are limited (200,000, each text 1 MiB, a million places of the memo), so that a
 * pickle takes no more than some 60 MiB, whatever it says. */
#ifndef TENSOR_PICKLE_H
#define TENSOR_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INTEGER,
    PICKLE_REAL,
    PICKLE_TEXT,       /* text or bytes, a NUL behind them */
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_MAP,        /* items are key, value, key, value ... */
    PICKLE_GLOBAL,     /* text is "MODULE NAME" */
    PICKLE_CALL,       /* items are the function and its tuple of arguments */
    PICKLE_PERSISTENT, /* the item is the identity of what lies outside the pickle */
    PICKLE_LONG        /* a whole number beyond 64 bits */
} pickle_kind;

typedef struct pickle_value pickle_value;
struct pickle_value {
    pickle_kind kind;
    int64_t number;      /* of BOOL and INTEGER */
    double real;
    char *text;
    pickle_value **items; /* of several kinds; a value may be an item of many, and of itself */
    int64_t count, room;
    int64_t seen;        /* for those who walk: free to use, 0 at first */
};

typedef struct pickle {
    pickle_value *root;        /* what the pickle stands for */
    pickle_value **persistent; /* [persistent_count]: all of that kind, in order */
    int64_t persistent_count;
    size_t used;               /* bytes, its end included */
    struct pickle_store *store; /* owns every value */
} pickle;
#define PICKLE_INIT                                                                                \
    {                                                                                              \
        NULL, NULL, 0, 0, NULL                                                                     \
    }

/* Follows the pickle that begins at bytes[0..size).  JEM_EDATA naming `path`, opcode and byte
 * (counted from `place`, where the pickle lies in the file). */
jem_status pickle_read(pickle *out, const char *bytes, size_t size, const char *path, int64_t place);
void pickle_clear(pickle *p); /* PICKLE_INIT is fine */

/* Is it a text, or a global, of these words? */
bool pickle_is(const pickle_value *v, pickle_kind kind, const char *text);
/* The function of a call, or NULL. */
const char *pickle_called(const pickle_value *v);
/* A map's value of that key, or NULL. */
pickle_value *pickle_get(const pickle_value *map, const char *key);

#endif
