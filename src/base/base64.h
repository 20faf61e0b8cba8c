/* Base64 (RFC 4648, section 4), of pictures and hashes in pages. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/strbuf.h"

/* Appends bytes [size] in base64, padded with '='; errors stick in `to`. */
void base64_put(strbuf *to, const void *bytes, size_t size);

#endif
