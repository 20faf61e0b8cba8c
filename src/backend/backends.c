/* The list of backends: to add one, name it here. */
#include "backend/backend.h"

#include <string.h>

static const backend *const list[] = {&backend_cpu, &backend_ref, NULL};

const backend *const *backends(void)
{
    return list;
}

jem_status backend_find(const backend **out, const char *name)
{
    for (int i = 0; list[i]; i++) {
        if (strcmp(list[i]->name, name) == 0) {
            *out = list[i];
            return JEM_OK;
        }
    }
    return jem_error(JEM_EUSAGE, "backend '%s': there is no such backend; choose cpu or ref", name);
}
