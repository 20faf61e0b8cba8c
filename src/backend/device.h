/* What a machine with memory of its own offers beyond a backend's steps: memory, copies, and
 * graphs: steps that are captured once and launched without the host.  The steps of a training that
 * would otherwise happen in the host's memory are energy_steps.h's.
 *
 * Calls only enqueue and return; what they compute is there after `wait`, or for whatever is
 * enqueued later.  They are made by one thread. */
#ifndef BACKEND_DEVICE_H
#define BACKEND_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "jem/status.h"

typedef struct device_graph device_graph;

typedef struct device {
    const char *(*describe)(void); /* "NVIDIA H100 80GB HBM3, sm_90, CUDA 13.0, cuDNN 9.19.0" */
    /* For kernels made from now on: algorithms by rule, so that results are the same on every
     * machine with this GPU and these libraries; off: the fastest, as measured once and
     * remembered on disk. */
    void (*set_repeatable)(bool on);

    /* *out <- zeroed memory, aligned to 256 bytes.  JEM_ENOMEM. */
    jem_status (*alloc)(void *out, size_t bytes);
    void (*free)(void *p); /* NULL is fine; waits */
    /* Bytes that can still be allocated. */
    size_t (*available)(void);
    /* Between or within the device's and the host's memory, after what is enqueued before; what is
     * read may be changed at once after it, and what is the host's has been written then. */
    jem_status (*copy)(void *dst, const void *src, size_t bytes);
    /* Until everything enqueued is done; reports what went wrong meanwhile. */
    jem_status (*wait)(void);

    /* From capture to capture_end steps are noted instead of enqueued; allocating and the host's
     * memory are not allowed between.  graph_launch enqueues them all. */
    jem_status (*capture)(void);
    jem_status (*capture_end)(device_graph **out);
    jem_status (*graph_launch)(const device_graph *g);
    void (*graph_free)(device_graph *g); /* NULL is fine */
} device;

#endif
