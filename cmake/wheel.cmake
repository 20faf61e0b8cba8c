# The Python wheel's libjem (-DJEM_WHEEL=ON, which `make wheel` sets) has parts of libraries linked in.  auditwheel
# would copy whole shared ones beside it, but takes X11, which Cairo names, for granted, and a container has
# none; and libarchive would bring libxml2 and ICU, 40 MB for formats that jem does not read.  Of an
# archive only the objects in use are taken; their names become local, so that they meet no other
# library's of the same process.
option(JEM_WHEEL "link into libjem what the machine of a wheel may lack" OFF)
set(wheel_archives)
set(wheel_libraries)
if(JEM_WHEEL)
  foreach(name archive cairo fontconfig freetype png16 expat brotlidec brotlicommon z)
    find_library(WHEEL_${name} NAMES lib${name}.a REQUIRED)
    list(APPEND wheel_archives ${WHEEL_${name}})
  endforeach()
  # What the zip reader of libarchive and Cairo stand on; small, and copied by auditwheel.
  foreach(name nettle.so.8 lzma.so.5 bz2.so.1.0 zstd.so.1 pixman-1.so)
    find_library(WHEEL_${name} NAMES lib${name} REQUIRED)
    list(APPEND wheel_libraries ${WHEEL_${name}})
  endforeach()
endif()
