/* The calling thread's error message: the one mutable thing every module
 * shares, and thread-local so that workers cannot mix their sentences. */
#include "jem/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    memcpy(message, text, strlen(text) + 1);
    return code;
}

jem_status jem_error_context(jem_status code, const char *fmt, ...)
{
    char text[2 * MESSAGE_MAX];
    size_t used;
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, MESSAGE_MAX, fmt, args);
    va_end(args);
    used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", message);
    text[MESSAGE_MAX - 1] = '\0';
    memcpy(message, text, strlen(text) + 1);
    return code;
}
