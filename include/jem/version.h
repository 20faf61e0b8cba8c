/* The version of the headers (macros) and of the library in use (function). */
#ifndef JEM_VERSION_H
#define JEM_VERSION_H

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The one place where the version is written: the build reads it from here. */
#define JEM_VERSION_MAJOR 0
#define JEM_VERSION_MINOR 1
#define JEM_VERSION_PATCH 0

/* "0.1.0"; static. */
JEM_API const char *jem_version(void);

#ifdef __cplusplus
}
#endif
#endif
