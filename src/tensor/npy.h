/* Arrays in numpy's format that lie in memory; files: jem/tensor.h. */
#ifndef TENSOR_NPY_H
#define TENSOR_NPY_H

#include "jem/tensor.h"

/* *out <- the array of an npy file's bytes, data[0..size), as jem_npy_read has it.  `data` is of
 * mem_alloc and taken over, on failure, too; `name` is for messages.  JEM_EDATA */
jem_status npy_take(jem_tensor *out, char *data, size_t size, const char *name);

/* What stands before the elements of t in an npy file (version 1.0, C order): out[0..*size).
 * JEM_EUSAGE for BF16 and F16; `name` opens the message. */
enum { NPY_HEADER = 576 };
jem_status npy_header(char out[NPY_HEADER], size_t *size, const jem_tensor *t, const char *name);

#endif
