/* Arrays in numpy's format that lie in memory; files: jem/tensor.h. */
#ifndef TENSOR_NPY_H
#define TENSOR_NPY_H

#include "jem/tensor.h"

/* *out <- the array of an npy file's bytes, data[0..size), as jem_npy_read has it.  `data` is of
 * mem_alloc and taken over, on failure, too; `name` is for messages.  JEM_EDATA */
jem_status npy_take(jem_tensor *out, char *data, size_t size, const char *name);

#endif
