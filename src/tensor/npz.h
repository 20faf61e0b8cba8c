/* numpy's .npz files: zip archives of arrays KEY.npy, stored (numpy.savez) or compressed
 * (numpy.savez_compressed).  Other files in one are passed over. */
#ifndef TENSOR_NPZ_H
#define TENSOR_NPZ_H

#include <stdbool.h>

#include "jem/tensor.h"

/* Does the path end in .npz, in any letter case? */
bool npz_is(const char *path);

/* The keys of the arrays, in the file's order (strings_free).  JEM_EDATA if it is damaged, holds no
 * array or a key twice, or would unpack to more than 12 MiB and 250 times its size: a zip bomb. */
jem_status npz_keys(char ***keys, int *count, const char *path);

/* Is `key` among them? */
bool npz_has(char *const *keys, int count, const char *key);

/* *out <- the array `key`, as jem_npy_read has it; messages call it "PATH (KEY)".  JEM_EDATA as
 * above, if its checksum does not match, and if there is no such array: those there are are named. */
jem_status npz_read(jem_tensor *out, const char *path, const char *key);

/* The array `key`, or whatever the only one is called. */
jem_status npz_read_single(jem_tensor *out, const char *path, const char *key);

/* Replaces the file atomically by one of `count` arrays, stored as numpy.savez does: keys[i] names
 * arrays[i].  Equal arrays make equal bytes.  JEM_EUSAGE for BF16 and F16. */
jem_status npz_write(const char *path, const char *const *keys, const jem_tensor *const *arrays, int count);

#endif
