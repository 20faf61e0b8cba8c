/* The calling thread's error message: the one mutable thing every module
 * shares, and thread-local so that workers cannot mix their sentences.  What messages
 * quote from files is made plain here, for every terminal and log that they reach. */
#include "jem/status.h"

#include <stdarg.h>
#include <string.h>

#include "base/plain.h"

enum { MESSAGE_MAX = 2048 };

static _Thread_local char message[MESSAGE_MAX];

/* Arguments may point into `message` itself, hence the copies below. */
const char *jem_error_message(void)
{
    return message;
}

jem_status jem_error(jem_status code, const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    va_start(args, fmt);
    plain_vformat(text, sizeof text, fmt, args);
    va_end(args);
    memcpy(message, text, strlen(text) + 1);
    return code;
}

jem_status jem_error_context(jem_status code, const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    size_t used;
    va_list args;

    va_start(args, fmt);
    plain_vformat(text, sizeof text, fmt, args);
    va_end(args);
    used = strlen(text);
    plain_format(text + used, sizeof text - used, ": %s", message);
    memcpy(message, text, strlen(text) + 1);
    return code;
}
