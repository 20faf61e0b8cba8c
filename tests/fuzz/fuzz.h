/* What the fuzz targets share.  fuzz_READER.c defines fuzz_one(); fuzz.c calls it for
 * every case of libFuzzer or of replay.c and checks what must hold for every reader:
 *
 *   - with AddressSanitizer: at no moment more memory than 4 times the file and 64 MiB,
 *     and less than a second
 *   - a refusal is JEM_EDATA or JEM_EUSAGE and its message names the file (fuzz_refused)
 *
 * Files live in memory: the targets are linked so that what src/base/file.h has for
 * reading reaches fuzz.c (--wrap), which makes a case a hundred times faster than one
 * that writes a file. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

/* The target: reads data[0..size) as the file it tests. */
void fuzz_one(const uint8_t *data, size_t size);

/* Until the next case, `path` is a file with these bytes.  Both are borrowed. */
void fuzz_file(const char *path, const void *data, size_t size);

/* There are no files any more: at the beginning of each case. */
void fuzz_forget_files(void);

/* The same for several files in one case: a line "@@ NAME" begins the file FOLDER/NAME.  What comes
 * before the first such line, and files beyond the sixteenth, are left out. */
void fuzz_folder(const char *folder, const uint8_t *data, size_t size);

/* Whether a reader refused the file `path`; aborts unless it did so properly. */
bool fuzz_refused(jem_status st, const char *path);

/* Reads data[0..size), so that a sanitizer sees whether all of it is there. */
void fuzz_touch(const void *data, size_t size);

#define fuzz_expect(condition) fuzz_expect_at(condition, #condition, __FILE__, __LINE__)
/* Aborts with the condition's text and place if it does not hold. */
void fuzz_expect_at(bool holds, const char *condition, const char *file, int line);

/* What libFuzzer and replay.c call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
