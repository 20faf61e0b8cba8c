/* JSON from a stranger, and JSON as text. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "jem/status.h"

/* What a JSON file may take beside three times its size, so that with its text it stays
 * within 4 times the file and 64 MiB. */
enum { JSON_MEMORY = 60 << 20 };

/* *out <- the value in text[0..size), owned (json_decref).  JEM_EDATA, opened by `name`
 * and the line, if it is not JSON, has a key twice in one object, is nested more than
 * 2048 deep, or might take more than `memory` bytes: "[{},{},...]" grows a hundredfold. */
jem_status json_parse(json_t **out, const char *text, size_t size, const char *name,
                      size_t memory);
/* The same for a file of at most max_size bytes (0: any). */
jem_status json_read(json_t **out, const char *path, size_t max_size);

/* Watches jansson's memory from here on, for json_verdict: jansson's functions are the process's, so
 * this is for a program to call, once, before it starts threads; a library must not. */
void json_watch_allocations(void);

/* Around json_unpack, which allocates and without memory calls what is whole misshapen. */
void json_watch(void);
/* `st`, or JEM_ENOMEM, opened by `name`, if jansson could not allocate on this thread since
 * json_watch. */
jem_status json_verdict(jem_status st, const char *name);

/* *out <- `root` as text for jansson's `flags`, ended by a NUL (owned, mem_free); NULL
 * as root, which is what jansson makes without memory, is JEM_ENOMEM.  Not json_dumps,
 * which may lose a key when memory runs out and say nothing (2.14). */
jem_status json_text(char **out, const json_t *root, size_t flags);

/* The string, as plain_utf8 has it; NULL without memory. */
json_t *json_plain_string(const char *text);
json_t *json_text_or_null(const char *text); /* the same; null for NULL */
json_t *json_number_or_null(double x);       /* null for what is not finite */

/* Why jansson did not take `text`: JEM_ENOMEM, or `code` and that `what` is not UTF-8. */
jem_status json_text_error(jem_status code, const char *text, const char *what);

#endif
