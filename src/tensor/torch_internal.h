/* What torch_file.c (names and tensors) and torch_storage.c (the bytes behind them) share. */
#ifndef TENSOR_TORCH_INTERNAL_H
#define TENSOR_TORCH_INTERNAL_H

#include "jem/tensor.h"
#include "tensor/pickle.h"
#include "tensor/zip_file.h"

/* A type of storage by its class. */
typedef struct torch_type {
    const char *storage; /* "torch FloatStorage" */
    int size;            /* bytes of an element */
    jem_dtype as;        /* what a tensor of it becomes; i8 and i16 are widened */
} torch_type;

typedef struct torch_storage {
    const char *key; /* borrowed from the pickle */
    const torch_type *type; /* NULL: of no known class */
    int64_t count;   /* elements */
    bool wanted;     /* a tensor lies in it */
    char *bytes;     /* of a zip archive owned, else in `whole`; NULL: not read */
} torch_storage;

/* A file: its object as a pickle and the storages that this speaks of, by key. */
typedef struct torch_source {
    const char *path;  /* borrowed */
    char *whole;       /* the file of the older kind, owned; of a zip archive its data.pkl */
    size_t size;
    size_t object_end; /* of the older kind: where the object's pickle ends */
    bool zip;
    zip_file archive;  /* if it is one */
    pickle object;
    torch_storage *storages; /* [count] */
    int64_t count;
} torch_source;
#define TORCH_SOURCE_INIT                                                                          \
    {                                                                                              \
        NULL, NULL, 0, 0, false, ZIP_FILE_INIT, PICKLE_INIT, NULL, 0                                              \
    }

/* Reads the object and lists the storages; each persistent value's `seen` is its storage's number
 * in the list and 1 more. */
jem_status torch_source_open(torch_source *s, const char *path);
/* Brings the bytes of the storages that are `wanted`. */
jem_status torch_source_load(torch_source *s);
void torch_source_clear(torch_source *s); /* TORCH_SOURCE_INIT is fine */

#endif
