/* Fontconfig keeps what it knows of fonts until the process ends, behind offsets that
 * the leak checker does not follow; drawn text would be reported as lost memory. */
#ifndef REPORT_FONTCONFIG_LEAKS_H
#define REPORT_FONTCONFIG_LEAKS_H

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfontconfig"; }

#endif
