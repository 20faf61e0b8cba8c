/* safetensors: 8-byte little-endian header length, JSON header with dtype,
 * shape and data_offsets per tensor and string pairs in __metadata__, raw data.
 * Reading checks everything: offsets in range, contiguous, not overlapping,
 * sizes matching shapes, no duplicate names, header at most 100 MB.
 *
 * What jem writes carries its own checksum as metadata "jem.checksum": 32 hexadecimal
 * digits, XXH3-128 of the whole file with these digits set to '0'.  Wherever the key is
 * present it is verified. */
#ifndef TENSOR_SAFETENSORS_H
#define TENSOR_SAFETENSORS_H

#include <stdbool.h>

#include "jem/tensor.h"

typedef struct safetensors safetensors;

/* ---- reading */
/* Reads all of it, once: what is verified is what the views show, whatever becomes of the file.
 * JEM_EDATA if it is no safetensors, or damaged. */
jem_status safetensors_open(safetensors **out, const char *path);
/* The metadata alone (no tensors), without reading the data: nothing is verified. */
jem_status safetensors_open_metadata(safetensors **out, const char *path);
/* Metadata and tensors without their data: names, types, shapes and places are checked against the
 * file's size, the data are not read, and views have none. */
jem_status safetensors_open_header(safetensors **out, const char *path);
void safetensors_close(safetensors *f);             /* NULL is fine; views end here */
const char *safetensors_path(const safetensors *f); /* as it was opened; borrowed */
int safetensors_count(const safetensors *f);        /* of tensors; 0 with the metadata alone */
const char *safetensors_name(const safetensors *f, int i); /* in data order; borrowed */
int safetensors_find(const safetensors *f, const char *name); /* -1 if absent */
/* Takes the parts "module." and "_orig_mod." out of all names: PyTorch's wrappers (DataParallel,
 * AveragedModel, compile) put them there.  JEM_EDATA if two names become one. */
jem_status safetensors_unwrap_names(safetensors *f);
/* Forgets all tensors but those whose names begin with `prefix`, which is taken off.  False, and
 * nothing changes, if there are none. */
bool safetensors_select(safetensors *f, const char *prefix);
/* View into the file's memory: data is borrowed until safetensors_close. */
jem_tensor safetensors_view(const safetensors *f, int i);
int64_t safetensors_place(const safetensors *f, int i); /* byte of the file where its data begin */
const char *safetensors_metadata(const safetensors *f, const char *key); /* NULL if absent */
/* The i-th of its keys, borrowed; NULL behind the last. */
const char *safetensors_metadata_key(const safetensors *f, int i);
/* The file's checksum as 32 digits, borrowed; NULL if it carries none. */
const char *safetensors_checksum(const safetensors *f);
/* JEM_EDATA if the file carries no checksum: for files that only jem writes, where a
 * missing one is damage. */
jem_status safetensors_require_checksum(const safetensors *f);

/* Copies tensor `name` as float32 into dst after checking its shape (F32, F64,
 * F16 and BF16 sources).  JEM_EDATA if missing, misshapen, or not finite: dst is then
 * untouched.  dst NULL: checks only. */
jem_status safetensors_read_f32(const safetensors *f, const char *name, float *dst, int ndim,
                                const int64_t *shape);

/* JEM_EDATA with what the file is and how weights in it become safetensors, if its first `size`
 * bytes are those of another kind of file that models are handed round in; else JEM_OK. */
jem_status safetensors_check_kind(const char *path, const char *start, size_t size);

/* ---- writing: collect, then write the file atomically in one go */
typedef struct safetensors_writer safetensors_writer;
jem_status safetensors_writer_new(safetensors_writer **out); /* owned */
void safetensors_writer_free(safetensors_writer *w);         /* NULL is fine */
/* `data` is borrowed until safetensors_writer_save returns. */
jem_status safetensors_writer_add(safetensors_writer *w, const char *name, jem_dtype dtype,
                                  int ndim, const int64_t *shape, const void *data);
/* Copies both; the last value of a key counts.  JEM_EUSAGE if one is not UTF-8, or for the writer's
 * own "jem.checksum". */
jem_status safetensors_writer_metadata(safetensors_writer *w, const char *key,
                                       const char *value);
/* Adds the checksum and writes. */
jem_status safetensors_writer_save(safetensors_writer *w, const char *path);

#endif
