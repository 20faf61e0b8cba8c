/* Programs of Slurm, called and listened to (slurm.h). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/try.h"
#include "study/slurm.h"

extern char **environ;

enum { LARGEST_ANSWER = 64 << 20 };

/* What it prints goes to `end`; what this process does with signals is its own affair. */
static int spawn(pid_t *pid, const char *const *argv, int end)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t usual, none;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, end, STDOUT_FILENO);
    sigfillset(&usual);
    sigemptyset(&none);
    posix_spawnattr_init(&how);
    posix_spawnattr_setsigdefault(&how, &usual);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const int failed = posix_spawnp(pid, argv[0], &files, &how, (char *const *)(uintptr_t)argv, environ);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

static jem_status read_all(strbuf *text, int end)
{
    char part[4096];
    for (;;) {
        const ssize_t n = read(end, part, sizeof part);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return strbuf_status(text);
        if (text->used + (size_t)n <= LARGEST_ANSWER) strbuf_put(text, part, (size_t)n);
    }
}

static jem_status wait_for(pid_t pid, const char *name)
{
    int how;
    while (waitpid(pid, &how, 0) < 0)
        if (errno != EINTR) return jem_error(JEM_EIO, "%s: %s", name, strerror(errno));
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return JEM_OK;
    if (WIFSIGNALED(how)) return jem_error(JEM_EIO, "%s: ended by signal %d", name, WTERMSIG(how));
    return jem_error(JEM_EIO, "%s: ended with exit code %d; what it said stands above", name, WEXITSTATUS(how));
}

jem_status slurm_call(char **out, const char *const *argv)
{
    jem_status st = JEM_OK;
    strbuf text = STRBUF_INIT;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) return jem_error(JEM_EIO, "%s: cannot make a pipe: %s", argv[0], strerror(errno));
    const int failed = spawn(&pid, argv, ends[1]);
    close(ends[1]);
    if (failed)
        st = jem_error(JEM_EIO, "%s: %s; is this a login node of a Slurm cluster?", argv[0], strerror(failed));
    const jem_status listened = failed ? JEM_OK : read_all(&text, ends[0]);
    close(ends[0]);
    if (!failed) st = wait_for(pid, argv[0]);
    if (st == JEM_OK) st = listened;
    if (st == JEM_OK) st = mem_strdup(out, text.data ? text.data : "");
    strbuf_clear(&text);
    return st;
}
