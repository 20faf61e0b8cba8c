/* Changing folders: see mutate.h.  Failures of the system end the program: these are no tests of
 * a full disk. */
#include "mutate.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "fuzz.h"
#include "tensor/safetensors_checksum.h"

enum { FILES_MAX = 256, PATH_MOST = 512, FILE_MOST = 4 << 20 };

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t mutate_below(uint64_t *state, uint64_t n) { return next(state) % n; }

/* ---- trees */

typedef struct tree {
    int count;
    char files[FILES_MAX][PATH_MOST]; /* paths of files, sorted */
} tree;

static int compare_paths(const void *a, const void *b) { return strcmp(a, b); }

static void collect(tree *t, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct stat sb;
    char path[PATH_MOST];

    fuzz_expect(dir != NULL);
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        fuzz_expect((size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < sizeof path);
        fuzz_expect(lstat(path, &sb) == 0);
        if (S_ISDIR(sb.st_mode)) {
            collect(t, path);
        } else {
            fuzz_expect(t->count < FILES_MAX);
            memcpy(t->files[t->count++], path, sizeof path);
        }
    }
    closedir(dir);
}

static void list_files(tree *t, const char *folder)
{
    t->count = 0;
    collect(t, folder);
    qsort(t->files, (size_t)t->count, sizeof *t->files, compare_paths);
}

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *where)
{
    (void)sb, (void)kind, (void)where;
    return remove(path);
}

void tree_remove(const char *path)
{
    struct stat sb;
    if (lstat(path, &sb) == 0) fuzz_expect(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static size_t read_bytes(uint8_t *bytes, const char *path)
{
    FILE *f = fopen(path, "rb");
    fuzz_expect(f != NULL);
    size_t n = fread(bytes, 1, FILE_MOST, f);
    fuzz_expect(n < FILE_MOST && !ferror(f));
    fclose(f);
    return n;
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    fuzz_expect(f != NULL);
    fuzz_expect(fwrite(bytes, 1, n, f) == n);
    fuzz_expect(fclose(f) == 0);
}

static uint8_t content[FILE_MOST], other[FILE_MOST];

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}

void tree_copy(const char *from, const char *to)
{
    static tree t;
    char path[2 * PATH_MOST];

    list_files(&t, from);
    for (int i = 0; i < t.count; i++) {
        snprintf(path, sizeof path, "%s%s", to, t.files[i] + strlen(from));
        make_folders(path);
        write_bytes(path, content, read_bytes(content, t.files[i]));
    }
}

uint64_t tree_hash(const char *folder)
{
    static tree t;
    struct stat sb;
    uint64_t hash = 0;

    list_files(&t, folder);
    for (int i = 0; i < t.count; i++) {
        hash = XXH64(t.files[i], strlen(t.files[i]), hash);
        fuzz_expect(lstat(t.files[i], &sb) == 0);
        const unsigned kind = sb.st_mode & S_IFMT;
        hash = XXH64(&kind, sizeof kind, hash);
        if (S_ISREG(sb.st_mode)) hash = XXH64(other, read_bytes(other, t.files[i]), hash);
    }
    return hash;
}

/* ---- bytes */

static const char *const words[] = {
    "-1", "0", "1", "2", "1e308", "-1e308", "nan", "inf", "-inf", "5e-324", "0.1", "1e-9", "65536",
    "2147483648", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "null",
    "true", "[]", "{}", "\"", ",", "\n", "\t", ": ", "../../x", "/etc", ".", "", "<script>alert(1)",
    "\x1b[31m", "\xff\xfe", "\xe2\x80\xae", "%s%n", "0x10", "running", "finished", "diverged", "x"};
enum { WORDS = sizeof words / sizeof *words };

static const char *any_word(uint64_t *s) { return words[mutate_below(s, WORDS)]; }

/* content[n] with `size` bytes from `at` on replaced; returns the new length. */
static size_t replace(size_t n, size_t at, size_t size, const void *by, size_t by_size)
{
    if (n - size + by_size >= FILE_MOST) return n;
    memmove(content + at + by_size, content + at + size, n - at - size);
    memcpy(content + at, by, by_size);
    return n - size + by_size;
}

static bool is_number(uint8_t c) { return c && strchr("0123456789.eE+-", c); }

/* Another number, or whatever else, for one that begins at or behind a random place. */
static size_t replace_number(size_t n, uint64_t *s)
{
    size_t at = n ? mutate_below(s, n) : 0, end;
    while (at < n && !(content[at] >= '0' && content[at] <= '9')) at++;
    while (at > 0 && is_number(content[at - 1])) at--;
    for (end = at; end < n && is_number(content[end]);) end++;
    const char *word = any_word(s);
    return replace(n, at, end - at, word, strlen(word));
}

static size_t change_bytes(size_t n, uint64_t *s, const char **what)
{
    const size_t at = n ? mutate_below(s, n) : 0, left = n - at;
    const size_t span = left ? 1 + mutate_below(s, left < 64 ? left : 64) : 0;
    const char *word = any_word(s);

    switch (mutate_below(s, 10)) {
    case 0:
        *what = "flip";
        if (n) content[at] ^= (uint8_t)(1 << mutate_below(s, 8));
        return n;
    case 1:
        *what = "byte";
        if (n) content[at] = (uint8_t)next(s);
        return n;
    case 2:
        *what = "cut";
        return at;
    case 3:
        *what = "drop";
        return replace(n, at, span, "", 0);
    case 4:
        *what = "repeat";
        memcpy(other, content + at, span);
        return replace(n, at, 0, other, span);
    case 5:
        *what = "zero";
        memset(content + at, 0, span);
        return n;
    case 6:
        *what = "word";
        return replace(n, at, 0, word, strlen(word));
    case 7:
        *what = "overwrite";
        return replace(n, at, strlen(word) < left ? strlen(word) : left, word, strlen(word));
    default:
        *what = "number";
        return replace_number(n, s);
    }
}

/* A new checksum where a safetensors file has one. */
static bool seal(size_t n)
{
    static const char key[] = "\"" CHECKSUM_KEY "\":\"";
    const size_t head = n < 4096 ? n : 4096;
    uint8_t *found = memmem(content, head, key, sizeof key - 1);
    char text[CHECKSUM_DIGITS + 1];

    if (!found || found + sizeof key - 1 + CHECKSUM_DIGITS > content + n) return false;
    found += sizeof key - 1;
    memcpy(found, CHECKSUM_BLANK, CHECKSUM_DIGITS);
    safetensors_checksum_text(text, XXH3_128bits(content, n));
    memcpy(found, text, CHECKSUM_DIGITS);
    return true;
}

static const char *change_content(mutations *m, const char *path, uint64_t *s)
{
    const char *what = "";
    const size_t n = change_bytes(read_bytes(content, path), s, &what), length = strlen(path);

    if (length > 12 && strcmp(path + length - 12, ".safetensors") == 0 && mutate_below(s, 2) == 0)
        m->sealed |= seal(n);
    write_bytes(path, content, n);
    return what;
}

/* ---- names */

static bool is_regular(const char *path)
{
    struct stat sb;
    return lstat(path, &sb) == 0 && S_ISREG(sb.st_mode);
}

static const char *change_name(const tree *t, const char *path, const char *outside, uint64_t *s)
{
    const char *another = t->files[mutate_below(s, (uint64_t)t->count)];

    if (!is_regular(another)) another = path; /* it is gone, or no file any more */

    switch (mutate_below(s, 8)) {
    case 0:
        write_bytes(path, content, 0);
        return "empty";
    case 1:
        write_bytes(path, content, read_bytes(content, another));
        return "content of another";
    case 2:
        fuzz_expect(rename(path, another) == 0);
        return "rename to another";
    default:
        fuzz_expect(remove(path) == 0);
    }
    switch (mutate_below(s, 6)) {
    case 0:
        fuzz_expect(mkdir(path, 0777) == 0);
        return "folder";
    case 1:
        fuzz_expect(symlink(outside, path) == 0);
        return "link outside";
    case 2:
        fuzz_expect(symlink(strcmp(another, path) == 0 ? "nowhere" : another, path) == 0);
        return "link to another";
    case 3:
        fuzz_expect(mkfifo(path, 0666) == 0);
        return "pipe";
    default:
        return "remove";
    }
}

void mutate_folder(mutations *out, const char *folder, const char *outside, uint64_t *state)
{
    static tree t;
    size_t used = 0;

    *out = (mutations){.settings = false};
    list_files(&t, folder);
    for (uint64_t left = 1 + mutate_below(state, 4); left > 0 && t.count > 0; left--) {
        const char *path = t.files[mutate_below(state, (uint64_t)t.count)];
        if (!is_regular(path)) continue;
        const bool names = mutate_below(state, 6) == 0;
        const char *what = names ? change_name(&t, path, outside, state)
                                 : change_content(out, path, state);
        out->moved |= names;
        out->settings |= strstr(path, "config.yaml") != NULL || names;
        if (used < sizeof out->text)
            used += (size_t)snprintf(out->text + used, sizeof out->text - used, "%s%s %s",
                                     used ? "; " : "", what, path + strlen(folder) + 1);
    }
}
