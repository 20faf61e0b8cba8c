/* Memory from /proc, control groups and limits, disk from statvfs, processors from the scheduler: see
 * machine.h. */
#include "base/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

#include "base/file_error.h"
#include "base/mem.h"
#include "base/try.h"

enum { LINE = 512, FOLDER = 1024, PATH = FOLDER + 64 };

/* The number behind `key` in a file of lines "key number" or "key: number kB", times
 * `unit`; -1 if there is none ("unlimited"). */
static int64_t number_after(const char *path, const char *key, int64_t unit)
{
    char line[LINE], *end;
    int64_t found = -1;
    size_t n = strlen(key);
    FILE *f = fopen(path, "r");
    if (!f) return -1;
    while (found < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, key, n) == 0 && (line[n] == ':' || line[n] == ' ')) {
            int64_t value = strtoll(line + n + 1, &end, 10);
            if (end != line + n + 1) found = value * unit;
        }
    fclose(f);
    return found;
}

/* The whole file as a number; -1 for "max" or no such file. */
static int64_t number_in(const char *folder, const char *name)
{
    char path[PATH], line[LINE] = "", *end;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    if (!f) return -1;
    bool read = fgets(line, sizeof line, f) != NULL;
    fclose(f);
    int64_t value = strtoll(line, &end, 10);
    return read && end != line ? value : -1;
}

typedef struct group_files {
    const char *mount, *limit, *used, *reclaimable;
} group_files;

/* One group's limit, if it has one that is lower than what is known. */
static void apply_limit(machine_memory *m, const char *folder, const group_files *f)
{
    char path[PATH];
    int64_t limit = number_in(folder, f->limit), used = number_in(folder, f->used);
    if (limit < 0 || limit >= m->total) return; /* version 1 writes 2^63 for none */
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    int64_t cache = number_after(path, f->reclaimable, 1); /* given up when it gets tight */
    int64_t room = limit - (used > 0 ? used : 0) + (cache > 0 ? cache : 0);
    if (room > limit) room = limit;
    m->total = m->limit = limit;
    if (room < m->available) m->available = room > 0 ? room : 0;
}

/* The group and all groups around it.  Inside a container the path may not exist: the
 * mount itself is then the group. */
static void apply_groups(machine_memory *m, const char *root, const char *group,
                         const group_files *f)
{
    char folder[FOLDER];
    size_t mount;
    int n = snprintf(folder, sizeof folder, "%s%s", root, f->mount);
    if (n < 0 || (size_t)n + strlen(group) >= sizeof folder) return;
    mount = (size_t)n;
    memcpy(folder + mount, group, strlen(group) + 1);
    for (;;) {
        apply_limit(m, folder, f);
        char *slash = strrchr(folder, '/');
        if (!slash || slash < folder + mount) return;
        *slash = '\0';
    }
}

/* Lines "ID:controllers:/path" of /proc/self/cgroup. */
static void apply_all_groups(machine_memory *m, const char *root)
{
    static const group_files v2 = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                   "inactive_file"};
    static const group_files v1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                   "memory.usage_in_bytes", "total_inactive_file"};
    char path[PATH], line[LINE];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *f = fopen(path, "r");
    if (!f) return;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
        if (!group) continue;
        *group++ = '\0';
        if (strcmp(names + 1, "") == 0) apply_groups(m, root, group, &v2);
        if (strcmp(names + 1, "memory") == 0) apply_groups(m, root, group, &v1);
    }
    fclose(f);
}

/* A limit of /proc/self/limits, and what counts for it in /proc/self/status: mapped, and touched. */
typedef struct own_limit {
    const char *name, *mapped, *touched;
} own_limit;

static void apply_own_limits(machine_memory *m, const char *root)
{
    static const own_limit all[] = {{"Max address space", "VmSize", "VmRSS"},
                                    {"Max data size", "VmData", "RssAnon"}};
    char limits[PATH], status[PATH];
    snprintf(limits, sizeof limits, "%s/proc/self/limits", root);
    snprintf(status, sizeof status, "%s/proc/self/status", root);
    for (int i = 0; i < 2; i++) {
        int64_t limit = number_after(limits, all[i].name, 1);
        int64_t mapped = number_after(status, all[i].mapped, 1024);
        int64_t touched = number_after(status, all[i].touched, 1024);
        if (limit < 0 || mapped < 0 || touched < 0) continue;
        int64_t total = limit - (mapped > touched ? mapped - touched : 0);
        if (total >= m->total) continue;
        m->limit = limit;
        m->of_process = true;
        m->total = total > 0 ? total : 0;
        if (m->total < m->available) m->available = m->total;
    }
}

jem_status machine_memory_read(machine_memory *out, const char *root)
{
    char path[PATH];
    machine_memory m;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    m.total = number_after(path, "MemTotal", 1024);
    m.available = number_after(path, "MemAvailable", 1024);
    m.limit = 0;
    m.of_process = false;
    if (m.total < 0 || m.available < 0)
        return jem_error(JEM_EIO, "%s: does not say how much memory there is", path);
    apply_all_groups(&m, root);
    apply_own_limits(&m, root);
    *out = m;
    return JEM_OK;
}

jem_status machine_check_room(size_t bytes, const char *what)
{
    void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return jem_error(JEM_ENOMEM, "%s needs %zu MiB more than this process may have: raise its "
                         "limit (ulimit -v; h_vmem or pvmem of a batch system) or free memory",
                         what, bytes >> 20);
    munmap(room, bytes);
    return JEM_OK;
}

int machine_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

jem_status machine_disk_free(int64_t *out, const char *path)
{
    jem_status st;
    struct statvfs v;
    char *at = NULL;
    TRY(mem_strdup(&at, path[0] ? path : "."));
    while (statvfs(at, &v) != 0) {
        char *slash = strrchr(at, '/');
        if (errno != ENOENT || strcmp(at, ".") == 0 || strcmp(at, "/") == 0) {
            st = file_write_failed("tell how much room is left", at, errno);
            goto done;
        }
        if (!slash) slash = strcpy(at, ".") + 1; /* a name in the current folder */
        if (slash == at) slash++;                /* below the root */
        *slash = '\0';
    }
    *out = (int64_t)(v.f_bavail * v.f_frsize);
done:
    mem_free(at);
    return st;
}
