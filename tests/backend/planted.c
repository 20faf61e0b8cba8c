/* A shared object that says when it was loaded: it makes the file that JEM_TEST_LOADED names.  See
 * test_device_library.c. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void tell(void)
{
    const char *path = getenv("JEM_TEST_LOADED");
    int fd = path ? open(path, O_WRONLY | O_CREAT, 0666) : -1;
    if (fd >= 0) close(fd);
}
