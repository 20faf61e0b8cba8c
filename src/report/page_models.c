/* The page of models side by side: figures, then where each number is from. */
#include "report/page_models.h"

#include "base/mem.h"
#include "base/try.h"
#include "report/page_link.h"
#include "report/page_parts.h"

static void write_lead(strbuf *h, const score_rows *rows)
{
    page_open(h, "models", 0);
    html_printf(h, "<h1>Models beside people</h1>\n<p class=\"quiet\">%lld folder%s</p>\n",
                (long long)rows->sources, rows->sources == 1 ? "" : "s");
    strbuf_add(h, "<p class=\"lead\">A row is a model. Discs are the models named below; whiskers are the 95 % "
                  "interval of a score, or of a run’s mean its standard error over seeds. Of a study each α has "
                  "a disc in its colour; grey is α = 1 where its classifier was never trained. Diamonds and the "
                  "dashed line of their colour are people, small diamonds single ones; open squares are models "
                  "that others published. A ↓ says that lower is better.</p>\n");
}

/* Folder, commands and every score. */
static jem_status write_source(strbuf *h, const score_source *from, const char *folder)
{
    jem_status st;
    char *path = NULL;

    TRY(page_path(&path, folder, from->path));
    html_printf(h, "<details><summary>%s<i>%s</i></summary>\n<dl><dt>folder</dt><dd>", from->path,
                from->runs ? from->runs->single ? "a run" : "a study" : "recorded answers");
    html_link(h, path, path);
    strbuf_add(h, "</dd></dl>\n<pre>");
    if (from->runs)
        for (int64_t i = 0; i < from->runs->count; i++) page_commands(h, &from->runs->runs[i].scores);
    else
        page_commands(h, &from->answers);
    strbuf_add(h, "</pre>");
    if (from->runs)
        strbuf_add(h, "<p>Its scores along α, with every setting: <code>jem report</code> of this folder alone.</p>");
    else
        page_scores(h, &from->answers, true);
    strbuf_add(h, "</details>\n");
done:
    mem_free(path);
    return st;
}

jem_status page_models_write(strbuf *html, const score_rows *rows, const figure_list *figures,
                             const char *command, const page_place *place)
{
    jem_status st;
    char *folder = NULL, *drawn = NULL;

    TRY(page_folder(&folder, place->page));
    TRY(page_path(&drawn, folder, place->figures));
    write_lead(html, rows);
    page_contents(html, figures, "Models");
    TRY(page_sections(html, figures, drawn));
    strbuf_add(html, "<h2 id=\"runs\">Models</h2>\n<p>Where each number is from, and the commands that made it.</p>\n");
    for (int64_t i = 0; i < rows->sources; i++) TRY(write_source(html, &rows->source[i], folder));
    page_close(html, command);
    TRY(strbuf_status(html));
done:
    mem_free(folder);
    mem_free(drawn);
    return st;
}
