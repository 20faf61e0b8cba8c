/* Running the real jem program and reading what it said. */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "support/check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { PROGRAM_COMMAND = 4096 };

/* `BEFORE jem ARGS` with %D replaced by `dir`; stdout and stderr go to DIR/out and DIR/err. */
static inline void program_command(char command[PROGRAM_COMMAND], const char *dir,
                                   const char *before, const char *args)
{
    const size_t size = PROGRAM_COMMAND;
    size_t used = (size_t)snprintf(command, size, "%s '%s' ", before, JEM_PROGRAM);
    for (; *args; args++) {
        if (args[0] == '%' && args[1] == 'D') {
            used += (size_t)snprintf(command + used, size - used, "%s", dir);
            args++;
        } else {
            command[used++] = *args;
        }
    }
    snprintf(command + used, size - used, " >'%s/out' 2>'%s/err'", dir, dir);
}

/* Runs that command.  Returns the exit code. */
static inline int program_run(const char *dir, const char *before, const char *args)
{
    char command[PROGRAM_COMMAND];
    program_command(command, dir, before, args);
    int code = system(command);
    assert_true(WIFEXITED(code));
    return WEXITSTATUS(code);
}

/* Content of DIR/NAME; owned. */
static inline char *program_read(const char *dir, const char *name, size_t *size)
{
    char path[256], *data = NULL;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_read(&data, size, path, 0));
    return data;
}

/* DIR/A and DIR/B hold the same bytes. */
static inline void program_same_files(const char *dir, const char *a, const char *b)
{
    size_t n, m;
    char *x = program_read(dir, a, &n), *y = program_read(dir, b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n);
    mem_free(x);
    mem_free(y);
}

static inline void program_said(const char *dir, const char *file, const char *text)
{
    size_t n;
    char *data = program_read(dir, file, &n);
    if (!strstr(data, text)) fail_msg("'%s' is not in %s: %s", text, file, data);
    mem_free(data);
}

static inline void program_said_once(const char *dir, const char *file, const char *text)
{
    size_t n;
    char *data = program_read(dir, file, &n), *first = strstr(data, text);
    if (!first || strstr(first + 1, text)) fail_msg("'%s' is not in %s once: %s", text, file, data);
    mem_free(data);
}

static inline void program_not_said(const char *dir, const char *file, const char *text)
{
    size_t n;
    char *data = program_read(dir, file, &n);
    if (strstr(data, text)) fail_msg("'%s' is in %s: %s", text, file, data);
    mem_free(data);
}

static inline void program_works(const char *dir, const char *args)
{
    int code = program_run(dir, "", args);
    if (code == 0) return;
    size_t n;
    fail_msg("jem %s: exit code %d: %s", args, code, program_read(dir, "err", &n));
}

/* Ends with exit code `code` and says `message`. */
static inline void program_fails(const char *dir, const char *args, int code, const char *message)
{
    int got = program_run(dir, "", args);
    if (got != code) fail_msg("jem %s: exit code %d instead of %d", args, got, code);
    program_said(dir, "err", message);
}

/* `jem ARGS`, sent the signal once it has said `begun`, ends as interrupted and says `message`. */
static inline void program_stop(const char *dir, const char *args, const char *begun, int number,
                                const char *message)
{
    char command[PROGRAM_COMMAND], err[256], *so_far = NULL;
    int how;
    size_t n;
    program_command(command, dir, "exec", args);
    snprintf(err, sizeof err, "%s/err", dir);
    check_ok(file_write(err, "", 0));
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(98);
    }
    for (int i = 0; i < 6000; i++) {
        mem_free(so_far);
        so_far = program_read(dir, "err", &n);
        if (strstr(so_far, begun)) break;
        usleep(10000);
    }
    mem_free(so_far);
    kill(child, number);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), JEM_EINTERRUPTED);
    program_said(dir, "err", number == SIGINT ? "jem: SIGINT: " : "jem: SIGTERM: ");
    program_said(dir, "err", message);
}

static inline bool program_made(const char *dir, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return file_exists(path);
}

#endif
