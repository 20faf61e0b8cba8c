/* What a table's first line tells: see table_text.h. */
#include "base/table_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char separators[] = ",;\t";

/* The one that stands most often between the quoted names; the first of equals. */
static char most_frequent(const char *line)
{
    size_t count[sizeof separators] = {0}, best = 0;
    bool quoted = false;

    for (; *line && (quoted || (*line != '\n' && *line != '\r')); line++) {
        const char *at = strchr(separators, *line);
        if (*line == '"') quoted = !quoted;
        if (at && !quoted) count[at - separators]++;
    }
    for (size_t i = 1; i < sizeof separators - 1; i++)
        if (count[i] > count[best]) best = i;
    return separators[best];
}

static bool has_blanks(const char *line, char separator)
{
    for (; *line && *line != '\n' && *line != '\r'; line++)
        if (*line == separator) return line[1] == ' ';
    return false;
}

table_text table_text_open(char *text, size_t size)
{
    table_text t = {.start = text, .line = 1};

    if (!memchr(text, '\n', size))
        for (char *p = text; (p = strchr(p, '\r'));) *p = '\n';
    if (strncasecmp(t.start, "sep=", 4) == 0 && t.start[4] && strchr(separators, t.start[4]) &&
        strchr("\r\n", t.start[5])) {
        t.separator = t.start[4];
        t.start += 5 + (t.start[5] == '\r');
        t.start += *t.start == '\n';
        t.line++;
    }
    if (!t.separator) t.separator = most_frequent(t.start);
    t.blanks = has_blanks(t.start, t.separator);
    return t;
}

bool table_text_number(double *out, const char *field, char separator)
{
    const char *comma = separator == ';' ? strchr(field, ',') : NULL;
    char number[64], *end;

    if (comma && strlen(field) < sizeof number) {
        strcpy(number, field);
        number[comma - field] = '.';
        field = number;
    }
    *out = strtod(field, &end);
    return end != field && *end == '\0';
}
