/* The list of backends: to add one, name it here. */
#include "backend/backend.h"

#include <stdlib.h>
#include <string.h>

#include "backend/device_library.h"

static const backend *const list[] = {&backend_cpu, &backend_ref, NULL};

const backend *const *backends(void)
{
    return list;
}

/* N of "cuda:N", 0 of "cuda"; -1 for other words. */
static int gpu_number(const char *name)
{
    char *end;
    if (strcmp(name, "cuda") == 0) return 0;
    if (strncmp(name, "cuda:", 5) != 0 || !name[5]) return -1;
    long n = strtol(name + 5, &end, 10);
    return *end || n < 0 || n > 1023 ? -1 : (int)n;
}

static jem_status find_any(const backend **out)
{
    const char *chosen = getenv("JEM_DEVICE");
    if (chosen && *chosen && strcmp(chosen, "auto") != 0) return backend_find(out, chosen);
    if (device_library_open(out, 0) != JEM_OK) *out = list[0];
    return JEM_OK;
}

jem_status backend_find(const backend **out, const char *name)
{
    int gpu = gpu_number(name);
    if (gpu >= 0) return device_library_open(out, gpu);
    if (strcmp(name, "auto") == 0) return find_any(out);
    for (int i = 0; list[i]; i++) {
        if (strcmp(list[i]->name, name) == 0) {
            *out = list[i];
            return JEM_OK;
        }
    }
    return jem_error(JEM_EUSAGE, "device '%s': there is no such device; choose cpu, cuda, cuda:N, "
                     "ref or auto", name);
}
