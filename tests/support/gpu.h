/* The GPU backend in tests: on its host emulation, or on a GPU where JEM_CUDA_LIBRARY names the
 * real library (make test-cuda), which is skipped visibly where there is none. */
#ifndef SUPPORT_GPU_H
#define SUPPORT_GPU_H

#include <stdio.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "backend/device.h"

enum { SKIPPED = 77 }; /* exit code that ctest takes for "skipped" */

/* The device that a test computes on: JEM_TEST_DEVICE, else the cpu. */
static inline const char *test_device(void)
{
    const char *name = getenv("JEM_TEST_DEVICE");
    return name && *name ? name : "cpu";
}

/* The backend; without one the program ends as skipped. */
static inline const backend *gpu_backend(void)
{
    const backend *b = NULL;
    if (backend_find(&b, "cuda") == JEM_OK) return b;
    printf("skipped: %s\n", jem_error_message());
    fflush(stdout);
    _Exit(SKIPPED);
}

#endif
