/* jem data fetch: published data to where jem looks for them, with what they cost and their
 * licence said first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "cli/cli.h"
#include "cli/cmd_data.h"
#include "cli/print.h"
#include "cli/startup.h"
#include "fetch/fetch.h"

enum { TEXT = 32 };

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    cli_print("%s\n", line);
    fflush(stdout); /* in order with the progress on stderr */
}

/* ---- the list */

/* Bytes of the whole item as far as they are published. */
static void size_of_item(char text[TEXT], const fetch_item *item)
{
    int64_t known = 0;
    int unknown = 0;
    for (int i = 0; i < item->count; i++) {
        known += item->files[i].size;
        unknown += !item->files[i].size;
    }
    if (!item->count)
        snprintf(text, TEXT, "by hand");
    else if (unknown)
        snprintf(text, TEXT, "not published");
    else
        fetch_size_text(text, TEXT, known);
}

/* What of it is in `root` (NULL: nobody said where). */
static jem_status presence(char text[TEXT], const fetch_item *item, const char *root)
{
    jem_status st = JEM_OK;
    fetch_plan p = FETCH_PLAN_INIT;
    char *folder = NULL;

    snprintf(text, TEXT, "?");
    if (!root) return JEM_OK;
    if (item->by_hand) {
        TRY(str_format(&folder, "%s/%s", root, item->folder));
        snprintf(text, TEXT, "%s", dir_exists(folder) ? "yes" : "no");
        goto done;
    }
    TRY(fetch_survey(&p, item, root, NULL));
    if (p.there == item->count)
        snprintf(text, TEXT, "yes");
    else if (p.there)
        snprintf(text, TEXT, "%d of %d files", p.there, item->count);
    else
        snprintf(text, TEXT, "no");
done:
    mem_free(folder);
    fetch_plan_clear(&p);
    return st;
}

static jem_status list_items(const char *root)
{
    cli_print("%-22s %-14s %s%s\n", "NAME", "SIZE", "HERE",
              root ? "" : " (name the folder with --out, or set JEM_DATA)");
    for (const fetch_item *i = fetch_items(); i->name; i++) {
        char size[TEXT], here[TEXT];
        jem_status st = presence(here, i, root);
        if (st != JEM_OK) return st;
        size_of_item(size, i);
        cli_print("%-22s %-14s %s\n    %s\n    licence: %s\n", i->name, size, here, i->about,
                  i->licence);
    }
    return JEM_OK;
}

/* ---- one of them */

static jem_status unknown_item(const char *name)
{
    const char *names[64];
    int n = 0;
    for (const fetch_item *i = fetch_items(); i->name && n < 63; i++) names[n++] = i->name;
    names[n] = NULL;
    const char *near = cli_nearest(name, names);
    return jem_error(JEM_EUSAGE, "jem data fetch: '%s' is not among what can be fetched%s%s%s; "
                                 "`jem data fetch` lists that",
                     name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static void show_terms(const fetch_item *item, const char *folder)
{
    cli_print("%s: %s\n", item->name, item->about);
    cli_print("licence   %s\n", item->licence);
    cli_print("cite      %s\n", item->cite);
    cli_print("page      %s\n", item->page);
    cli_print("folder    %s\n", folder);
}

static jem_status show_price(const fetch_plan *p)
{
    fetch_cost cost = fetch_price(p);
    char load[TEXT], disk[TEXT], room[TEXT];
    int64_t there;
    jem_status st = machine_disk_free(&there, p->root);
    if (st != JEM_OK) return st;
    fetch_size_text(load, sizeof load, cost.load);
    fetch_size_text(disk, sizeof disk, cost.disk);
    fetch_size_text(room, sizeof room, there);
    cli_print("here      %d of %d files\n", p->there, p->item->count);
    cli_print("to load   %s", load);
    if (cost.unknown) cli_print(" and %d files whose size is not known", cost.unknown);
    cli_print("; up to %s of disk, %s are free\n", disk, room);
    fflush(stdout);
    return JEM_OK;
}

static jem_status check_item(const fetch_item *item, char *folder)
{
    const cli_lists own = {.settings = config_builtin, .benchmarks = benchmark_list};
    return item->check ? data_check_folder(&own, item->check, folder, NULL, NULL) : JEM_OK;
}

static jem_status tell_by_hand(const fetch_item *item, const char *root)
{
    jem_status st;
    char *folder = NULL;
    TRY(str_format(&folder, "%s/%s", root, item->folder));
    show_terms(item, folder);
    if (dir_exists(folder))
        TRY(check_item(item, folder));
    else
        st = jem_error(JEM_EDATA, "%s cannot be fetched by a program: %s; it belongs in %s",
                       item->name, item->by_hand, folder);
done:
    mem_free(folder);
    return st;
}

static jem_status fetch_one(const fetch_item *item, const char *root, const char *from,
                            const fetch_options *o, bool dry_run)
{
    jem_status st;
    fetch_plan p = FETCH_PLAN_INIT;

    TRY(fetch_survey(&p, item, root, from));
    show_terms(item, p.folder);
    if (!o->offline) TRY(fetch_ask_sizes(&p, o));
    TRY(show_price(&p));
    if (dry_run) goto done;
    TRY(fetch_run(&p, o));
    TRY(check_item(item, p.folder));
done:
    fetch_plan_clear(&p);
    return st;
}

typedef struct fetch_flags {
    const char *name, *out, *from;
    bool offline, trust_http, dry_run;
} fetch_flags;

#define AT(field) offsetof(fetch_flags, field)

static const cli_argument arguments[] = {
    {"NAME", AT(name),
     .help = "what is fetched; unless given what there is is listed", .optional = true},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--out", CLI_TEXT, AT(out), "DIR",
     .help = "folder that gets a folder with the data: $JEM_DATA unless given", .other = "-o"},
    {"--from", CLI_TEXT, AT(from), "URL|DIR", .help = "another place that has the same files"},
    {"--offline", CLI_SWITCH, AT(offline), NULL,
     .help = "load nothing: check and unpack what is there"},
    {"--trust-http", CLI_SWITCH, AT(trust_http), NULL,
     .help = "take files whose checksum nobody published from a server without TLS, too"},
    {"--dry-run", CLI_SWITCH, AT(dry_run), NULL, .help = "say what it costs, and nothing else"},
    {.name = NULL},
};

static jem_status fetch(const cli_lists *lists, int argc, char **argv)
{
    fetch_flags f;
    (void)lists; /* no network is trained here */
    jem_status st = cli_parse(&f, &data_fetch, argc, argv);
    if (st != JEM_OK) return st;
    const char *root = f.out ? f.out : getenv("JEM_DATA");
    if (!f.name) return list_items(root);

    const fetch_item *item = fetch_item_find(f.name);
    if (!item) return unknown_item(f.name);
    if (!root || !root[0])
        return jem_error(JEM_EUSAGE, "jem data fetch: say where the data go: --out DIR, or set "
                                     "JEM_DATA; %s would be made in it",
                         item->folder);
    if (item->by_hand) return tell_by_hand(item, root);
    const fetch_options o = {.offline = f.offline, .trust_http = f.trust_http, .stop = cli_catch_signals(),
                             .say = print_line};
    return fetch_one(item, root, f.from, &o, f.dry_run);
}

const command data_fetch = {
    .name = "data fetch",
    .about = "published data, verified and unpacked, with their licence and size said first",
    .arguments = arguments,
    .options = options,
    .examples = {"data fetch", "data fetch cifar10 --out data"},
    .run = fetch,
};
