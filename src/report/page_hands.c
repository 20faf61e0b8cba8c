/* The script of a page, its style and what it needs: see page_hands.h. */
#include "report/page_hands.h"

#include <math.h>

#include "base/base64.h"
#include "base/sha256.h"
#include "report/marks.h"
#include "report/page_embedded.h"

void page_hands_policy(strbuf *h)
{
    uint8_t hash[SHA256_BYTES];
    sha256_state s;

    sha256_init(&s);
    sha256_put(&s, page_script, page_script_size);
    sha256_end_bytes(&s, hash);
    strbuf_add(h, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "img-src data:; style-src 'unsafe-inline'; script-src 'sha256-");
    base64_put(h, hash, sizeof hash);
    strbuf_add(h, "'; base-uri 'none'; form-action 'none'\">\n");
}

void page_hands_style(strbuf *h) { strbuf_put(h, (const char *)page_script_style, page_script_style_size); }

void page_hands_script(strbuf *h)
{
    strbuf_add(h, "<script>");
    strbuf_put(h, (const char *)page_script, page_script_size);
    strbuf_add(h, "</script>\n");
}

static bool is_new_alpha(const study *s, int64_t i)
{
    return !isnan(s->runs[i].alpha) && (i == 0 || s->runs[i].alpha != s->runs[i - 1].alpha);
}

void page_hands_alphas(strbuf *h, const study *s)
{
    int64_t count = 0;
    for (int64_t i = 0; i < s->count; i++) count += is_new_alpha(s, i);
    if (count < 2) return;
    strbuf_add(h, "<div class=\"alphas\" role=\"toolbar\" aria-label=\"Mark an α\" hidden><span>Mark α</span>");
    for (int64_t i = 0; i < s->count; i++) {
        if (!is_new_alpha(s, i)) continue;
        const double alpha = s->runs[i].alpha;
        const colour c = alpha_colour(alpha);
        html_printf(h,
                    "<button type=\"button\" data-choose=\"%g\" aria-pressed=\"false\" "
                    "style=\"border-bottom-color:rgb(%.0f,%.0f,%.0f)\">%g</button>",
                    alpha, 255 * c.r, 255 * c.g, 255 * c.b, alpha);
    }
    strbuf_add(h, "</div>\n");
}
