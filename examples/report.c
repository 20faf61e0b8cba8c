/* Writes the report of a run or a study as one HTML page.
 *
 *   report RUN|STUDY PAGE.html                       (jem/report.h, jem/version.h) */
#include <jem/report.h>
#include <jem/version.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: report RUN|STUDY PAGE.html      (libjem %s)\n", jem_version());
        return JEM_EUSAGE;
    }
    jem_status st = jem_report(argv[1], argv[2]);
    if (st != JEM_OK)
        fprintf(stderr, "%s\n", jem_error_message());
    else
        printf("%s\n", argv[2]);
    return (int)st;
}
