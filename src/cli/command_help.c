/* What people are told of commands, made from their tables: see cli.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/print.h"

/* ---- usage */

static void append(char text[CLI_USAGE], const char *fmt, ...) JEM_PRINTF(2, 3);

static void append(char text[CLI_USAGE], const char *fmt, ...)
{
    const size_t used = strlen(text);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text + used, CLI_USAGE - used, fmt, args);
    va_end(args);
}

static const char *before_value(const cli_option *o)
{
    return o->bare ? "[=" : o->value ? " " : "";
}

static void append_option(char text[CLI_USAGE], const cli_option *o)
{
    append(text, " %s%s%s%s%s%s%s", o->required ? "" : "[", o->name, before_value(o),
           o->value ? o->value : "", o->bare ? "]" : "", o->kind == CLI_LIST ? " ..." : "", o->required ? "" : "]");
}

/* What follows the command's name. */
static void append_words(char text[CLI_USAGE], const command *c)
{
    for (const cli_argument *a = c->arguments; a && a->name; a++)
        append(text, a->optional ? " [%s]" : a->several ? " %s ..." : " %s", a->name);
    for (int required = 0; required < 2; required++)
        for (const cli_option *o = c->options; o && o->name; o++)
            if (o->required == required) append_option(text, o);
}

const char *cli_usage(char text[CLI_USAGE], const command *c)
{
    snprintf(text, CLI_USAGE, "%s", c->name);
    for (const command *const *a = c->actions; a && *a; a++) {
        append(text, "%s%s", a == c->actions ? "" : " |", strrchr((*a)->name, ' '));
        append_words(text, *a);
    }
    append_words(text, c);
    return text;
}

jem_status cli_usage_error(const command *c, const char *what, const char *word)
{
    char usage[CLI_USAGE];
    return jem_error(JEM_EUSAGE, "%s: %s%s%s; usage: jem %s", c->name, what, word[0] ? " " : "", word,
                     cli_usage(usage, c));
}

/* ---- help */

void cli_show_commands(void)
{
    char usage[CLI_USAGE];
    for (const command *const *c = cli_commands(); *c; c++)
        cli_print("  jem %s\n      %s\n", cli_usage(usage, *c), (*c)->about);
}

enum { COLUMN = 26 };

/* A name and its line of help, which starts on a line of its own where the name is long. */
static void show_row(const char *name, const char *help, const char *note)
{
    if (strlen(name) < COLUMN)
        cli_print("  %-*s %s%s\n", COLUMN, name, help, note);
    else
        cli_print("  %s\n  %-*s %s%s\n", name, COLUMN, "", help, note);
}

static void show_option(const cli_option *o)
{
    char name[96], note[96] = "";
    snprintf(name, sizeof name, "%s%s%s%s%s%s", o->name, o->other ? ", " : "", o->other ? o->other : "",
             before_value(o), o->value ? o->value : "", o->bare ? "]" : "");
    if (o->default_text)
        snprintf(note, sizeof note, " (default: %s)", o->default_text);
    else if (o->kind == CLI_LIST)
        snprintf(note, sizeof note, "; may be repeated");
    show_row(name, o->help, note);
}

void cli_show_help(const command *c)
{
    char usage[CLI_USAGE];
    cli_print("jem %s\n\n  %s\n", cli_usage(usage, c), c->about);
    if (c->arguments) cli_print("\narguments\n");
    for (const cli_argument *a = c->arguments; a && a->name; a++) show_row(a->name, a->help, "");
    if (c->options) cli_print("\noptions\n");
    for (const cli_option *o = c->options; o && o->name; o++) show_option(o);
    if (c->actions) cli_print("\nactions (jem help %s ACTION says more)\n", c->name);
    for (const command *const *a = c->actions; a && *a; a++) show_row((*a)->name, (*a)->about, "");
    cli_print("\nexamples\n");
    for (int i = 0; i < CLI_EXAMPLES; i++) cli_print("  jem %s\n", c->examples[i]);
}
