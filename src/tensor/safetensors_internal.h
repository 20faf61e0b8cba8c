/* What a safetensors is made of: for safetensors.c, and for tensor_file.c, which makes one of other
 * files. */
#ifndef TENSOR_SAFETENSORS_INTERNAL_H
#define TENSOR_SAFETENSORS_INTERNAL_H

#include <jansson.h>

#include "tensor/safetensors.h"

typedef struct entry {
    const char *name; /* borrowed from the JSON header, or `renamed` */
    char *renamed;    /* owned: a name that stands nowhere else, or NULL */
    jem_tensor view;
    int64_t begin, end; /* bytes from the start of the data */
    int position;       /* in the header */
} entry;

struct safetensors {
    char *path;
    json_t *header;   /* NULL: the tensors came from another kind of file */
    json_t *metadata; /* borrowed from `header`; NULL if absent */
    int count;
    entry *entries; /* in the order of their data */
    char *file;     /* what was read; NULL where the metadata alone was, or `data` is a copy */
    char *data;     /* every tensor where its elements may lie; NULL if they do so in `file` */
    size_t head;    /* bytes before the data */
    jem_tensor *owned; /* [owned_count]: what the views of another kind of file show, else NULL */
    int owned_count;
};

#endif
