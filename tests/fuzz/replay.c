/* main() that hands every file of the folders given to a fuzz target: the corpus as a
 * plain test, with any compiler. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    long size;
    uint8_t *data;

    if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
        return perror(path), 1;
    /* exactly as large as the file, so that a read beyond its end is noticed */
    data = malloc(size ? (size_t)size : 1);
    if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) return perror(path), 1;
    fclose(f);
    /* named before it runs: the last name is the case that failed */
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    for (long cut = 1; cut <= 8; cut++) {
        uint8_t *part = malloc((size_t)(size * cut / 9 + 1));
        if (!part) return perror(path), 1;
        memcpy(part, data, (size_t)(size * cut / 9));
        LLVMFuzzerTestOneInput(part, (size_t)(size * cut / 9));
        free(part);
    }
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int files = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        struct dirent *entry;
        if (!dir) return perror(argv[i]), 1;
        while ((entry = readdir(dir))) {
            char path[4096];
            if (entry->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            failed += replay_file(path);
            files++;
        }
        closedir(dir);
    }
    if (!files) fprintf(stderr, "no files to replay\n");
    return failed || !files;
}
