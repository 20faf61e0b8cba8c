/* Status codes and the message that goes with the last failure.
 *
 * Every function that can fail returns a jem_status; values leave through
 * out-parameters, which stay untouched on failure.  The codes are also the
 * exit codes of the jem program. */
#ifndef JEM_STATUS_H
#define JEM_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define JEM_API __attribute__((visibility("default")))
#define JEM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define JEM_API
#define JEM_PRINTF(fmt, args)
#endif

typedef enum jem_status {
    JEM_OK = 0,
    JEM_EINTERNAL = 1,    /* a library refused what should have worked */
    JEM_EUSAGE = 2,       /* unknown command, option or config key; value out of range */
    JEM_EDATA = 3,        /* a file is missing, truncated, misshapen, or holds NaN */
    JEM_EDIVERGED = 4,    /* training diverged; the last good state is intact */
    JEM_EINTERRUPTED = 5, /* stopped by a signal after saving */
    JEM_ENOMEM = 6,       /* out of memory */
    JEM_EIO = 7           /* the system refused a read or write: disk full, permission */
} jem_status;

/* The message of the calling thread's last failure: one sentence that names
 * file, place and remedy.  Borrowed until the thread's next failure. */
JEM_API const char *jem_error_message(void);

/* Sets the thread's message and returns `code`, so that
 * `return jem_error(JEM_EDATA, "%s: ...", path);` reads as one thought. */
JEM_API jem_status jem_error(jem_status code, const char *fmt, ...) JEM_PRINTF(2, 3);

/* Puts "fmt: " before the thread's message and returns `code` unchanged. */
JEM_API jem_status jem_error_context(jem_status code, const char *fmt, ...) JEM_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
