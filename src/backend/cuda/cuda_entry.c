/* The library's one symbol, and the program's error messages inside of it: the library holds
 * no copy of base/status.c, so that there is one message per thread. */
#include <stdarg.h>
#include <stdio.h>

#include "backend/cuda/cuda.h"
#include "backend/device_library.h"
#include "base/try.h"

enum { MESSAGE_MAX = 2048 };

static const device_host *program;
static char description[512];

jem_status jem_error(jem_status code, const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return program->error(code, text);
}

const char *cuda_describe(void)
{
    return description;
}

static jem_status open_backend(const backend **out, const device_host *host, int number)
{
    char parts[256] = "";
    jem_status st;
    program = host;
    TRY(gpu_open(number));
    TRY(cuda_open_parts(parts, sizeof parts));
    snprintf(description, sizeof description, "%s%s%s", gpu_describe(), parts[0] ? ", " : "", parts);
    *out = &backend_cuda;
done:
    return st;
}

/* Named by DEVICE_LIBRARY_ENTRY. */
extern const device_library jem_device_library;
JEM_API const device_library jem_device_library = {JEM_VERSION, DEVICE_LAYOUT, open_backend};
