/* The device as the backend's C code sees it: memory, copies, graphs.  Implemented over the
 * CUDA runtime (gpu_cuda.c) and, on the host, by emulation/gpu_host.c. */
#ifndef CUDA_GPU_H
#define CUDA_GPU_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/device.h"

/* Makes GPU `number` the one that everything here means.  JEM_EUSAGE with the reason. */
jem_status gpu_open(int number);
const char *gpu_describe(void); /* name, architecture, CUDA's version; static, after gpu_open */

/* The entries of struct device, which device.h describes.  Failures of CUDA are JEM_EINTERNAL with
 * its words, and JEM_ENOMEM where the GPU's memory is full. */

/* *out <- zeroed device memory.  JEM_EINTERNAL while a graph is captured. */
jem_status gpu_alloc(void *out, size_t bytes);
void gpu_free(void *p);     /* NULL is fine; waits */
size_t gpu_available(void); /* bytes that can still be allocated; 0 if the GPU does not say */
/* Between any memories; waits if one is the host's: JEM_EINTERNAL while a graph is captured. */
jem_status gpu_copy(void *dst, const void *src, size_t bytes);
jem_status gpu_clear(void *dst, size_t bytes); /* enqueues zeros into device memory */
jem_status gpu_wait(void); /* until all that was enqueued is done; tells of its failures */
jem_status gpu_capture(void); /* waits; from now on calls are noted, not enqueued */
/* *out, owned <- what was noted; capturing ends also on failure. */
jem_status gpu_capture_end(device_graph **out);
jem_status gpu_graph_launch(const device_graph *p); /* enqueues all of it */
void gpu_graph_free(device_graph *p);               /* NULL is fine */

/* Does p lead into memory of gpu_alloc?  gpu_memory.c, which the implementations tell; any thread
 * may ask. */
bool gpu_owns(const void *p);
jem_status gpu_remember(void *p, size_t bytes); /* p [bytes] has been allocated.  JEM_ENOMEM */
void gpu_forget(void *p); /* p is about to be freed; what is not known is ignored */

#endif
