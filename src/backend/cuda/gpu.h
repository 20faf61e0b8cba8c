/* The device as the backend's C code sees it: memory, copies, graphs.  Implemented over the
 * CUDA runtime (gpu_cuda.c) and, on the host, by emulation/gpu_host.c. */
#ifndef CUDA_GPU_H
#define CUDA_GPU_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/device.h"

/* Makes GPU `number` the one that everything here means.  JEM_EUSAGE with the reason. */
jem_status gpu_open(int number);
const char *gpu_describe(void);

/* What device.h says of alloc, free, available, copy, wait and graphs. */
jem_status gpu_alloc(void *out, size_t bytes);
void gpu_free(void *p);
size_t gpu_available(void);
jem_status gpu_copy(void *dst, const void *src, size_t bytes);
jem_status gpu_clear(void *dst, size_t bytes);
jem_status gpu_wait(void);
jem_status gpu_capture(void);
jem_status gpu_capture_end(device_graph **out);
jem_status gpu_graph_launch(const device_graph *p);
void gpu_graph_free(device_graph *p);

/* Does p lead into memory of gpu_alloc?  gpu_memory.c, which the implementations tell. */
bool gpu_owns(const void *p);
jem_status gpu_remember(void *p, size_t bytes);
void gpu_forget(void *p);

#endif
