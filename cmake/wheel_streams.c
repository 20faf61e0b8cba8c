/* Stands in for stdout and stderr in what wheel.cmake links in: Debian compiles static libraries for programs, which may reach
 * the C library's variables directly; a shared library may not, but reaches its own so. */
#include <stdio.h>

__attribute__((visibility("hidden"))) FILE *wheel_stdout, *wheel_stderr;

__attribute__((constructor)) static void set_streams(void)
{
    wheel_stdout = stdout;
    wheel_stderr = stderr;
}
