/* Progress of a study on its page (page_live.h). */
#include "report/page_live.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sweetspot/trend.h"

/* "2 h 05 min", "3 min", "40 s", "–" */
static void duration(char *text, size_t size, double s)
{
    if (!(s >= 0))
        snprintf(text, size, "–");
    else if (s < 90)
        snprintf(text, size, "%.0f s", s);
    else if (s < 5400)
        snprintf(text, size, "%.0f min", s / 60);
    else
        snprintf(text, size, "%.0f h %02.0f min", floor(s / 3600), floor(fmod(s, 3600) / 60));
}

static void write_number(strbuf *h, double x)
{
    char text[40];
    trend_number(text, sizeof text, x);
    html_printf(h, "<td>%s</td>", isfinite(x) ? text : "–");
}

static void write_run(strbuf *h, const report_run *r)
{
    char eta[32];
    duration(eta, sizeof eta, strcmp(r->state, "running") == 0 ? r->eta_s : NAN);
    html_printf(h, "<tr><th>%s</th><td>%g</td><td>%s</td>", r->name, r->alpha, r->state);
    html_printf(h, "<td><progress value=\"%lld\" max=\"%lld\"></progress></td><td>%lld of %lld</td>", (long long)r->iteration,
                r->iterations > 0 ? (long long)r->iterations : 1, (long long)r->iteration, (long long)r->iterations);
    html_printf(h, "<td>%s</td>", r->verdict[0] ? r->verdict : "–");
    write_number(h, r->val_accuracy);
    write_number(h, r->images_per_s);
    html_printf(h, "<td>%s</td><td class=\"text\">%s</td></tr>\n", eta, r->reason);
}

void page_live(strbuf *h, const report_live *live)
{
    char clock[32] = "", eta[32];
    const time_t now = time(NULL);
    struct tm at;

    if (localtime_r(&now, &at)) strftime(clock, sizeof clock, "%H:%M:%S", &at);
    duration(eta, sizeof eta, live->eta_s);
    if (live->idle)
        html_printf(h, "<p><b>Nobody trains it</b> (%s): %lld of %lld runs are unfinished. The page still reloads itself every "
                       "%d s.</p>\n",
                    clock, (long long)live->unfinished, (long long)live->count, live->reload_s);
    else
        html_printf(h, "<p class=\"quiet\">Written at %s while it trains, and anew as long as it does: the page reloads itself every "
                       "%d s. All runs: %s left.</p>\n",
                    clock, live->reload_s, eta);
    strbuf_add(h, "<div class=\"numbers\"><table><thead><tr><th>run</th><th>α</th><th>state</th><th>progress</th><th>iterations</th>"
                  "<th>verdict</th><th>validation accuracy</th><th>images/s</th><th>left</th><th class=\"text\">why</th></tr>"
                  "</thead><tbody>\n");
    for (int64_t i = 0; i < live->count; i++) write_run(h, &live->runs[i]);
    strbuf_add(h, "</tbody></table></div>\n");
}
