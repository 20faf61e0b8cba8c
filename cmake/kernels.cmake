# What the cpu backend has for one processor architecture alone (src/backend/cpu/cpu_arch.h): a
# folder for x86, and one that any other compiles.
set(kernels src/backend/cpu/plain)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(kernels src/backend/cpu/x86)
endif()
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${kernels}/*.c)
target_sources(jem_backend_cpu PRIVATE ${sources})

# Kernels that exist for several processors, each compiled for its own; products and sums fuse.
set(wide_flags "-ffp-contract=fast")
set_source_files_properties(src/backend/cpu/x86/wino_avx512.c TARGET_DIRECTORY jem_backend_cpu PROPERTIES
  COMPILE_OPTIONS "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mfma;-mprefer-vector-width=512;${wide_flags}")
set_source_files_properties(src/backend/cpu/x86/wino_avx2.c TARGET_DIRECTORY jem_backend_cpu PROPERTIES
  COMPILE_OPTIONS "-mavx2;-mfma;${wide_flags}")
