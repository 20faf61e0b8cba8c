# A file as a C array, written while building:
#   cmake -D FROM=FILE -D TO=FILE.c -D NAME=IDENTIFIER -P embed.cmake
file(READ "${FROM}" bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
get_filename_component(file "${FROM}" NAME)
file(WRITE "${TO}" "/* ${file}, as it is. */\n#include \"report/page_embedded.h\"\n\n\
const unsigned char ${NAME}[] = {\n${bytes}};\nconst size_t ${NAME}_size = sizeof ${NAME};\n")
