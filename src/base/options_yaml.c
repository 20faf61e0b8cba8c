/* Settings from and to YAML, over libyaml's event stream.
 *
 * Events rather than documents: a document tree resolves aliases, and a small
 * file with nested ones can then expand without bound. */
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "base/mem.h"
#include "base/options.h"
#include "base/options_table.h"
#include "base/text_file.h"
#include "base/try.h"
#include "base/utf8.h"

enum { CONFIG_MAX_BYTES = 1 << 20 };

typedef struct loader {
    const option_group *groups;
    const char *path;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; owned */
    bool has_event;
    int line;       /* of the current event, from 1 */
    int *seen_line; /* [keys]: where each was set, 0 = not yet */
    bool some;      /* keys of other groups are passed over */
    const char *text;
} loader;

static jem_status refuse(const loader *l, const char *what)
{
    return jem_error(JEM_EUSAGE, "%s:%d: %s", l->path, l->line, what);
}

/* Is line `line`, from 0, indented with a tab?  libyaml's words for that are no help. */
static bool tab_indents(const char *text, size_t line)
{
    while (line-- && (text = strchr(text, '\n'))) text++;
    return text && text[strspn(text, " ")] == '\t';
}

/* Steps to the next event; anchors, aliases and tags are refused here. */
static jem_status advance(loader *l)
{
    const yaml_event_t *e = &l->event;
    bool anchor = false, tag = false;

    if (l->has_event) yaml_event_delete(&l->event);
    l->has_event = false;
    if (!yaml_parser_parse(&l->parser, &l->event)) {
        if (l->parser.error == YAML_MEMORY_ERROR) return jem_error(JEM_ENOMEM, "out of memory");
        const size_t line = l->parser.problem_mark.line;
        const char *problem = l->parser.problem ? l->parser.problem : "unreadable";
        if (tab_indents(l->text, line)) problem = "a tab indents this line; use spaces";
        return jem_error(JEM_EUSAGE, "%s:%zu: not valid YAML: %s", l->path, line + 1, problem);
    }
    l->has_event = true;
    l->line = (int)e->start_mark.line + 1;
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor != NULL;
        tag = e->data.scalar.tag != NULL;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor != NULL;
        tag = e->data.mapping_start.tag != NULL;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor != NULL;
        tag = e->data.sequence_start.tag != NULL;
    }
    if (anchor || e->type == YAML_ALIAS_EVENT)
        return refuse(l, "anchors and aliases are not supported; write the value out");
    if (tag) return refuse(l, "tags such as !!str are not supported; remove the tag");
    return JEM_OK;
}

/* The scalar under the cursor; libyaml counts its bytes, which may hold a NUL. */
static jem_status scalar_text(const char **out, const loader *l)
{
    const char *text = (const char *)l->event.data.scalar.value;

    if (strlen(text) != l->event.data.scalar.length)
        return refuse(l, "a value may not hold a zero byte");
    *out = text;
    return JEM_OK;
}

/* Reads the sequence that starts here into "[a, b]". */
static jem_status read_sequence(loader *l, char *text, size_t size)
{
    jem_status st;
    size_t used = (size_t)snprintf(text, size, "[");

    TRY(advance(l));
    while (l->event.type != YAML_SEQUENCE_END_EVENT) {
        const char *element = NULL;
        if (l->event.type != YAML_SCALAR_EVENT)
            return refuse(l, "a list holds plain numbers only");
        TRY(scalar_text(&element, l));
        if (element[strspn(element, "0123456789+-.eE")] != '\0')
            return refuse(l, "a list holds plain numbers only");
        used += (size_t)snprintf(text + used, size - used, "%s%s", used > 1 ? ", " : "", element);
        if (used + 2 >= size) return refuse(l, "the list is too long");
        TRY(advance(l));
    }
    snprintf(text + used, size - used, "]");
done:
    return st;
}

/* The value under the cursor belongs to `key`, whose line is `line`. */
static jem_status set_value(loader *l, const char *key, int line)
{
    jem_status st;
    char *origin = NULL, wanted[256];
    char list[OPTION_TEXT_MAX];
    const char *value = list;
    option_place p;

    TRY(str_format(&origin, "%s:%d", l->path, line));
    TRY(options_find(&p, l->groups, key, origin));
    options_describe(p.option, wanted, sizeof wanted);
    if (l->seen_line[p.index]) {
        st = jem_error(JEM_EUSAGE, "%s: %s was already set in line %d; keep one of the two",
                       origin, key, l->seen_line[p.index]);
        goto done;
    }
    l->seen_line[p.index] = line;
    if (l->event.type == YAML_SEQUENCE_START_EVENT) {
        TRY(read_sequence(l, list, sizeof list));
    } else {
        bool plain = l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        TRY(scalar_text(&value, l));
        if (plain && !*value) {
            st = jem_error(JEM_EUSAGE, "%s: %s has no value: expected %s", origin, key, wanted);
            goto done;
        }
        if (!plain && p.option->kind != OPTION_STRING && p.option->kind != OPTION_CHOICE) {
            st = jem_error(JEM_EUSAGE, "%s: %s = \"%.200s\": expected %s, without quotes", origin,
                           key, value, wanted);
            goto done;
        }
    }
    if (p.option->kind == OPTION_STRING && value == list) {
        st = jem_error(JEM_EUSAGE, "%s: %s is a list: expected %s", origin, key, wanted);
        goto done;
    }
    TRY(options_set(l->groups, key, value, origin));
done:
    mem_free(origin);
    return st;
}

/* A section whose keys are all commented out reads as an empty scalar. */
static bool is_mapping(const yaml_event_t *e)
{
    return e->type == YAML_MAPPING_START_EVENT ||
           (e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0 &&
            e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

static bool is_key(const loader *l, const char *key)
{
    option_place p;
    return options_find(&p, l->groups, key, l->path) == JEM_OK;
}

/* Goes on to the end of the value under the cursor. */
static jem_status pass_over(loader *l)
{
    jem_status st = JEM_OK;

    for (int depth = 0;; st = advance(l)) {
        const yaml_event_type_t type = l->event.type;
        if (st != JEM_OK) return st;
        depth += type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
        depth -= type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
        if (depth == 0) return JEM_OK;
    }
}

/* Reads the mapping that starts here; its keys continue `prefix`.  The depth of
 * recursion is bounded: every level must name a part of a group's prefix. */
static jem_status read_mapping(loader *l, const char *prefix)
{
    jem_status st;
    char key[OPTION_KEY_MAX];

    TRY(advance(l));
    while (l->event.type != YAML_MAPPING_END_EVENT) {
        const char *name = NULL;
        int line = l->line;
        if (l->event.type != YAML_SCALAR_EVENT) return refuse(l, "a key must be a plain word");
        TRY(scalar_text(&name, l));
        if ((size_t)snprintf(key, sizeof key, "%s%s%s", prefix, *prefix ? "." : "", name) >=
            sizeof key)
            return refuse(l, "the key is too long");
        TRY(advance(l));
        if (options_is_prefix(l->groups, key) && is_mapping(&l->event)) {
            if (l->event.type == YAML_MAPPING_START_EVENT) TRY(read_mapping(l, key));
        } else if (l->some && !is_key(l, key)) {
            TRY(pass_over(l));
        } else if (l->event.type != YAML_MAPPING_START_EVENT) {
            TRY(set_value(l, key, line));
        } else {
            option_place p;
            char *origin = NULL;
            TRY(str_format(&origin, "%s:%d", l->path, line));
            st = options_find(&p, l->groups, key, origin);
            mem_free(origin);
            if (st != JEM_OK) goto done;
            return refuse(l, "this key takes one value, not a mapping");
        }
        TRY(advance(l));
    }
done:
    return st;
}

static jem_status read_stream(loader *l)
{
    jem_status st;

    TRY(advance(l)); /* stream start */
    TRY(advance(l));
    if (l->event.type == YAML_STREAM_END_EVENT) goto done; /* empty file: nothing to set */
    TRY(advance(l)); /* past document start */
    if (l->event.type == YAML_MAPPING_START_EVENT)
        TRY(read_mapping(l, ""));
    else if (l->event.type != YAML_SCALAR_EVENT || l->event.data.scalar.length != 0)
        return refuse(l, "expected settings as 'key: value'");
    TRY(advance(l)); /* document end */
    TRY(advance(l));
    if (l->event.type != YAML_STREAM_END_EVENT)
        return refuse(l, "a second document starts here; keep one per file");
done:
    return st;
}

jem_status options_read(option_file *out, const char *path)
{
    out->name = file_stream_name(path);
    return text_read_stream(&out->text, &out->size, path, CONFIG_MAX_BYTES);
}

jem_status options_parse(const option_group *groups, const option_file *f, bool some)
{
    jem_status st;
    loader l = {.groups = groups, .path = f->name, .some = some, .text = f->text};
    int keys = 0;

    if (!yaml_parser_initialize(&l.parser)) return jem_error(JEM_ENOMEM, "out of memory");
    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) keys++;
    TRY(MEM_NEW(l.seen_line, keys));
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)f->text, f->size);
    TRY(read_stream(&l));
done:
    if (l.has_event) yaml_event_delete(&l.event);
    yaml_parser_delete(&l.parser);
    mem_free(l.seen_line);
    return st;
}

jem_status options_load(const option_group *groups, const char *path)
{
    jem_status st;
    option_file f = {.text = NULL};

    TRY(options_read(&f, path));
    TRY(options_parse(groups, &f, false));
done:
    mem_free(f.text);
    return st;
}

/* ---- writing */

/* Characters that YAML's double-quoted style cannot hold as they are. */
static bool needs_escape(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           (c & 0xfffe) == 0xfffe;
}

static jem_status put_quoted(file_writer *w, const char *text)
{
    jem_status st;
    const char *end = text + strlen(text);

    TRY(file_writer_put(w, "\"", 1));
    while (text < end) {
        const char *from = text;
        int32_t c = utf8_next(&text, end);
        if (c == '"' || c == '\\')
            TRY(file_writer_printf(w, "\\%c", (char)c));
        else if (needs_escape(c))
            TRY(file_writer_printf(w, "\\U%08X", (unsigned)c));
        else
            TRY(file_writer_put(w, from, (size_t)(text - from)));
    }
    TRY(file_writer_put(w, "\"", 1));
done:
    return st;
}

jem_status options_save(const option_group *groups, file_writer *w)
{
    jem_status st = JEM_OK;
    const char *prefix = "";

    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        char text[OPTION_TEXT_MAX], wanted[256];
        const char *indent = *p.group->prefix ? "  " : "";
        if (strcmp(p.group->prefix, prefix) != 0) {
            prefix = p.group->prefix;
            if (*prefix) TRY(file_writer_printf(w, "\n%s:\n", prefix));
        }
        options_value_text(&p, text, sizeof text);
        options_describe(p.option, wanted, sizeof wanted);
        TRY(file_writer_printf(w, "%s# %s (%s)\n%s%s: ", indent, p.option->help, wanted, indent,
                               p.option->key));
        if (p.option->kind == OPTION_STRING)
            TRY(put_quoted(w, text));
        else
            TRY(file_writer_put(w, text, strlen(text)));
        TRY(file_writer_put(w, "\n", 1));
    }
done:
    return st;
}
