/* Every key that a training has, with its default.
 *
 *   settings [WORD]      keys that contain WORD                             (jem/settings.h)
 */
#include <jem/settings.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const int64_t count = jem_setting_count();
    for (int64_t i = 0; i < count; i++) {
        jem_setting s = JEM_SETTING_INIT;
        jem_status st = jem_setting_at(&s, i);
        if (st != JEM_OK) {
            fprintf(stderr, "%s\n", jem_error_message());
            return (int)st;
        }
        if (argc < 2 || strstr(s.key, argv[1])) printf("%-28s %-12s %s\n", s.key, s.default_text, s.help);
    }
    return count > 0 ? 0 : 1;
}
