# CMake toolchain: arm64 programs by Debian's cross compiler (gcc-aarch64-linux-gnu).
# JEM_SYSROOT is a folder with the arm64 libraries (scripts/arm64-sysroot makes one); tests run
# under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES JEM_SYSROOT)

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc CACHE STRING "")
set(CMAKE_SYSROOT ${JEM_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${JEM_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
  ${JEM_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${JEM_SYSROOT}/usr/share/pkgconfig)

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L ${JEM_SYSROOT})
