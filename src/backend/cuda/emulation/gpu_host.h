/* Between the files of the host emulation. */
#ifndef CUDA_EMULATION_GPU_HOST_H
#define CUDA_EMULATION_GPU_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef void (*host_work)(const void *args, int64_t pieces);
/* Does fn(args, pieces) now, or, while a graph is captured, notes it with a copy of args [size]
 * (JEM_ENOMEM). */
jem_status gpu_host_do(host_work fn, const void *args, size_t size, int64_t pieces);

#endif
