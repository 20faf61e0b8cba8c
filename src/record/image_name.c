/* Image names, categories and conditions of model-vs-human. */
#include "record/image_name.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const category_names[CATEGORY_COUNT] = {
    "airplane", "bear",  "bicycle", "bird",     "boat",     "bottle", "car",  "cat",
    "chair",    "clock", "dog",     "elephant", "keyboard", "knife",  "oven", "truck"};

static int find_category(const char *name, size_t size)
{
    for (int c = 0; c < CATEGORY_COUNT; c++)
        if (strlen(category_names[c]) == size && memcmp(category_names[c], name, size) == 0)
            return c;
    return -1;
}

int category_find(const char *name) { return find_category(name, strlen(name)); }

const char *image_id(const char *name)
{
    const char *last = strrchr(name, '_');
    if (!last) return name;
    const char *before = last;
    while (before > name && before[-1] != '_') before--;
    return strncmp(before, "n0", 2) == 0 ? before : last + 1;
}

jem_status image_texture(int *category, const char *name)
{
    const char *underscore = strrchr(name, '_');
    const char *image = underscore ? underscore + 1 : name;
    size_t stem = strcspn(image, ".");
    const char *dash = memchr(image, '-', stem), *next;
    while (dash && (next = memchr(dash + 1, '-', stem - (size_t)(dash + 1 - image)))) dash = next;
    size_t letters = 0;
    if (dash)
        while (isalpha((unsigned char)dash[1 + letters])) letters++;
    int found = dash ? find_category(dash + 1, letters) : -1;
    size_t digits = dash ? strspn(dash + 1 + letters, "0123456789") : 0;
    if (found < 0 || digits < 1 || dash + 1 + letters + digits != image + stem)
        return jem_error(JEM_EDATA,
                         "'%s' does not name a shape and a texture of the %d categories; "
                         "expected a name like cat7-elephant1.png",
                         name, CATEGORY_COUNT);
    *category = found;
    return JEM_OK;
}

/* Whether all of `text` is one number; "inf" is, "nan" is not (it equals nothing). */
static bool whole_number(double *value, const char *text)
{
    char *end;
    if (isspace((unsigned char)*text)) return false;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && !isnan(*value);
}

bool condition_equal(const char *a, const char *b)
{
    double x, y;
    if (whole_number(&x, a) && whole_number(&y, b)) return x == y;
    return strcasecmp(a, b) == 0;
}
