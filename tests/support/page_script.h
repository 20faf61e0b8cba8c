/* The one script that a page may have. */
#ifndef SUPPORT_PAGE_SCRIPT_H
#define SUPPORT_PAGE_SCRIPT_H

#include "base/base64.h"
#include "base/sha256.h"
#include "support/check.h"

/* The page ends with a script, has no other, and its policy names that one's SHA-256 and nothing else.  Not inlined:
 * gcc 12 then takes a page that was read through a pointer for that pointer. */
__attribute__((noinline)) static void check_page_script(const char *page)
{
    static const char begin[] = "<script>", end[] = "</script>\n</body></html>\n";
    const char *const first = strstr(page, begin);
    strbuf policy = STRBUF_INIT;
    uint8_t hash[SHA256_BYTES];
    sha256_state s;

    assert_non_null(first);
    const char *const own = first + strlen(begin), *const ends = strstr(own, "</script");
    assert_non_null(ends);
    assert_string_equal(ends, end);
    assert_null(strstr(own, "<script"));
    sha256_init(&s);
    sha256_put(&s, own, (size_t)(ends - own));
    sha256_end_bytes(&s, hash);
    strbuf_add(&policy, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
                        "style-src 'unsafe-inline'; script-src 'sha256-");
    base64_put(&policy, hash, sizeof hash);
    strbuf_add(&policy, "'; base-uri 'none'; form-action 'none'\">");
    check_ok(strbuf_status(&policy));
    assert_non_null(strstr(page, policy.data));
    strbuf_clear(&policy);
}

#endif
