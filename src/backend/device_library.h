/* The GPU backend in a shared object of its own, libjem_cuda.so, looked for at run time so
 * that one jem binary runs where there is no GPU:
 *
 *   1. the file that the environment variable JEM_CUDA_LIBRARY names, an absolute path
 *   2. beside the program or libjem, or where libraries are installed from there (own_place.h),
 *      if the NVIDIA driver, libcuda.so.1, is installed
 *
 * and nowhere else: what the working directory holds, or PATH, is never loaded. */
#ifndef BACKEND_DEVICE_LIBRARY_H
#define BACKEND_DEVICE_LIBRARY_H

#include "backend/backend.h"
#include "backend/device.h"
#include "backend/energy_steps.h"

/* What the program lends to the library, which has no messages of its own. */
typedef struct device_host {
    jem_status (*error)(jem_status code, const char *message); /* sets jem_error_message */
} device_host;

/* What the library shows: the symbol DEVICE_LIBRARY_ENTRY, of this type.  It is used only by
 * the program it was built with: version and layout must be the same. */
typedef struct device_library {
    const char *version; /* JEM_VERSION */
    uint64_t layout;     /* DEVICE_LAYOUT */
    jem_status (*open)(const backend **out, const device_host *host, int number);
} device_library;
#define DEVICE_LIBRARY_ENTRY "jem_device_library"

/* Sizes of all that crosses the border. */
#define DEVICE_LAYOUT                                                                              \
    (((((uint64_t)sizeof(backend) * 1009 + sizeof(device)) * 1009 + sizeof(step)) * 1009 +         \
      sizeof(step_io)) * 1009 + sizeof(energy_finish))

/* The backend of GPU `number`.  One process uses one GPU: JEM_EUSAGE for a second, and if
 * there is none, with the reason in one line. */
jem_status device_library_open(const backend **out, int number);

#endif
