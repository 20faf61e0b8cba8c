/* Files in memory and the checks around every case: see fuzz.h. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

#if defined(__SANITIZE_ADDRESS__)
#define WATCH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCH 1
#endif
#endif

/* ---- memory in use, counted by AddressSanitizer's hooks, and time */

#ifdef WATCH
/* from <sanitizer/allocator_interface.h>, which gcc has not */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *p);
void *__asan_region_is_poisoned(void *p, size_t size);

static struct {
    size_t now, peak;
} heap;

static void on_malloc(const volatile void *p, size_t size)
{
    (void)p;
    heap.now += size;
    if (heap.now > heap.peak) heap.peak = heap.now;
}

/* What was allocated before the case began may be freed in it. */
static void on_free(const volatile void *p)
{
    size_t size = p ? __sanitizer_get_allocated_size(p) : 0;
    heap.now -= size < heap.now ? size : heap.now;
}

static double processor_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double begun; /* processor's time at the end of the case before */

static void watch(void)
{
    static bool installed;
    if (!installed) {
        installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0;
        begun = processor_s();
    }
    fuzz_expect(installed);
    heap.now = heap.peak = 0;
}

static void check_memory(size_t size)
{
    if (heap.peak <= 4 * size + ((size_t)64 << 20)) return;
    fprintf(stderr, "%zu bytes of memory for a file of %zu\n", heap.peak, size);
    abort();
}

/* The processor's time, not the clock's: a busy machine makes no case slow.  Asked once a
 * case, as it costs as much as a small one. */
static void check_time(void)
{
    double now = processor_s();
    fuzz_expect(now - begun < 1.0);
    begun = now;
}
#else
static void watch(void) {}
static void check_memory(size_t size) { (void)size; }
static void check_time(void) {}
#endif

/* ---- files in memory */

enum { FILES_MAX = 20, FOLDER_FILES_MAX = 16, PATH_MOST = 256 };

static struct {
    const char *path;
    const void *data;
    size_t size;
} files[FILES_MAX];
static int file_count;

void fuzz_file(const char *path, const void *data, size_t size)
{
    fuzz_expect(file_count < FILES_MAX);
    files[file_count].path = path;
    files[file_count].data = data;
    files[file_count++].size = size;
}

/* The next "@@ " that begins a line, or the end. */
static const uint8_t *find_mark(const uint8_t *at, const uint8_t *data, const uint8_t *end)
{
    while (end - at >= 3 && (memcmp(at, "@@ ", 3) != 0 || (at > data && at[-1] != '\n'))) at++;
    return end - at >= 3 ? at : end;
}

void fuzz_folder(const char *folder, const uint8_t *data, size_t size)
{
    static char paths[FOLDER_FILES_MAX][PATH_MOST];
    const uint8_t *end = data + size, *at = find_mark(data, data, end);

    for (int i = 0; i < FOLDER_FILES_MAX && at < end; i++) {
        const uint8_t *name = at + 3, *line = memchr(name, '\n', (size_t)(end - name));
        const uint8_t *content = line ? line + 1 : end;
        const int length = (int)((line ? line : end) - name);
        at = find_mark(content, data, end);
        snprintf(paths[i], PATH_MOST, "%s/%.*s", folder, length, (const char *)name);
        fuzz_file(paths[i], content, (size_t)(at - content));
    }
}

static int find(const char *path)
{
    int i = 0;
    while (i < file_count && strcmp(files[i].path, path) != 0) i++;
    return i;
}

jem_status __wrap_file_read(char **data, size_t *size, const char *path, size_t max_size);
jem_status __wrap_file_read_stream(char **data, size_t *size, const char *path, size_t max_size);
jem_status __wrap_file_read_start(char **data, size_t *size, const char *path, size_t most);
jem_status __wrap_file_size(int64_t *size, const char *path);
int __wrap_file_open(const char *path, int flags, mode_t mode);
jem_status __wrap_file_read_at(char *data, size_t size, int64_t place, int fd, const char *path);
bool __wrap_zip_is_intact(uint32_t checksum, const char *data, int64_t size);
bool __wrap_file_exists(const char *path);
bool __wrap_dir_exists(const char *path);
jem_status __wrap_dir_list(char ***names, int *count, const char *path);

static jem_status absent(const char *path)
{
    return jem_error(JEM_EDATA, "%s: cannot open: no such file", path);
}

/* Up to `most` bytes and a NUL, as file_read has it. */
static jem_status copy_file(char **data, size_t *size, int i, size_t most)
{
    size_t n = files[i].size < most ? files[i].size : most;
    char *copy = NULL;
    jem_status st = MEM_NEW(copy, n + 1);

    if (st != JEM_OK) return st;
    if (n) memcpy(copy, files[i].data, n);
    *data = copy;
    *size = n;
    return JEM_OK;
}

jem_status __wrap_file_read(char **data, size_t *size, const char *path, size_t max_size)
{
    int i = find(path);

    if (i == file_count) return absent(path);
    if (max_size && files[i].size > max_size)
        return jem_error(JEM_EDATA, "%s: %zu bytes, more than %zu", path, files[i].size, max_size);
    return copy_file(data, size, i, files[i].size);
}

jem_status __wrap_file_read_stream(char **data, size_t *size, const char *path, size_t max_size)
{
    return __wrap_file_read(data, size, path, max_size);
}

jem_status __wrap_file_read_start(char **data, size_t *size, const char *path, size_t most)
{
    int i = find(path);
    return i == file_count ? absent(path) : copy_file(data, size, i, most);
}

jem_status __wrap_file_size(int64_t *size, const char *path)
{
    int i = find(path);

    if (i == file_count) return absent(path);
    *size = (int64_t)files[i].size;
    return JEM_OK;
}

/* For readers that seek: which file an open one is. */
enum { OPEN_MOST = 64 };
static int opened[OPEN_MOST];

int __wrap_file_open(const char *path, int flags, mode_t mode)
{
    const int i = find(path);
    (void)flags;
    (void)mode;
    if (i == file_count) {
        errno = ENOENT;
        return -1;
    }
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* to be closed */
    fuzz_expect(fd >= 0 && fd < OPEN_MOST);
    opened[fd] = i;
    return fd;
}

jem_status __wrap_file_read_at(char *data, size_t size, int64_t place, int fd, const char *path)
{
    const int i = opened[fd];
    fuzz_expect(strcmp(files[i].path, path) == 0 && place >= 0);
    fuzz_expect((uint64_t)place <= files[i].size && size <= files[i].size - (uint64_t)place); /* readers know the size */
    if (size) memcpy(data, (const char *)files[i].data + place, size);
    return JEM_OK;
}

/* Mutated bytes have no right checksum. */
bool __wrap_zip_is_intact(uint32_t checksum, const char *data, int64_t size)
{
    (void)checksum;
    fuzz_touch(data, (size_t)size);
    return true;
}

bool __wrap_file_exists(const char *path)
{
    return find(path) < file_count;
}

/* A folder exists if a file lies in it. */
bool __wrap_dir_exists(const char *path)
{
    size_t length = strlen(path);
    for (int i = 0; i < file_count; i++)
        if (strncmp(files[i].path, path, length) == 0 && files[i].path[length] == '/') return true;
    return false;
}

/* Whether `name` [length] is among the names. */
static bool listed(char *const *names, int count, const char *name, size_t length)
{
    for (int i = 0; i < count; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) return true;
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

jem_status __wrap_dir_list(char ***names, int *count, const char *path)
{
    jem_status st;
    char **list = NULL;
    int n = 0;
    size_t length = strlen(path);

    TRY(MEM_NEW(list, FILES_MAX));
    for (int i = 0; i < file_count; i++) {
        const char *name = files[i].path + length + 1;
        if (strncmp(files[i].path, path, length) != 0 || name[-1] != '/') continue;
        if (listed(list, n, name, strcspn(name, "/"))) continue;
        TRY(str_format(&list[n++], "%.*s", (int)strcspn(name, "/"), name));
    }
    qsort(list, (size_t)n, sizeof *list, compare_names);
    *names = list;
    *count = n;
    list = NULL;
done:
    if (list) strings_free(list, n);
    return st;
}

/* ---- cases */

void fuzz_expect_at(bool holds, const char *condition, const char *file, int line)
{
    if (holds) return;
    fprintf(stderr, "%s:%d: does not hold: %s; last message: '%s'\n", file, line, condition,
            jem_error_message());
    abort();
}

bool fuzz_refused(jem_status st, const char *path)
{
    if (st == JEM_OK) return false;
    if ((st == JEM_EDATA || st == JEM_EUSAGE) && strstr(jem_error_message(), path)) return true;
    fprintf(stderr, "%s: not a proper refusal: status %d, '%s'\n", path, st, jem_error_message());
    abort();
}

void fuzz_touch(const void *data, size_t size)
{
#ifdef WATCH
    fuzz_expect(size == 0 || !__asan_region_is_poisoned((void *)(uintptr_t)data, size));
#else
    const uint8_t *bytes = data;
    uint8_t all = 0;
    for (size_t i = 0; i < size; i++) all |= bytes[i];
    volatile uint8_t keep = all;
    (void)keep;
#endif
}

void fuzz_forget_files(void)
{
    file_count = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    watch();
    fuzz_forget_files();
    jem_error(JEM_OK, "%s", "");
    fuzz_one(data, size);
    check_memory(size);
    check_time();
    return 0;
}
