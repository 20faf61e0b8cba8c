# How tests run when something watches their memory or their threads.

# Read by programs that are built with sanitizers (JEM_SANITIZE).
set(test_environment
  LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0)

# Tests compute on the cpu unless they say otherwise, and what they ask of a GPU is done by its
# host emulation (cmake/cuda.cmake).
list(APPEND test_environment JEM_DEVICE=cpu
  JEM_CUDA_LIBRARY=${CMAKE_BINARY_DIR}/libjem_cuda_emulation.so)

if(JEM_SANITIZE MATCHES thread)
  # A thread that the library starts when it is loaded would be given signals, and
  # their handlers would then run on it.
  list(APPEND test_environment OPENBLAS_NUM_THREADS=1)
endif()

# Written before the name of a test program; an emulator where this machine cannot run it.
set(test_launcher ${CMAKE_CROSSCOMPILING_EMULATOR})
# By this name tests start the program.
set(test_program $<TARGET_FILE:jem>)
if(CMAKE_CROSSCOMPILING_EMULATOR)
  set(test_program ${CMAKE_BINARY_DIR}/jem-emulated)
  list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " emulator)
  file(WRITE ${test_program} "#!/bin/sh\nexec ${emulator} ${CMAKE_BINARY_DIR}/jem \"$@\"\n")
  file(CHMOD ${test_program} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endif()
if(JEM_VALGRIND)
  find_program(VALGRIND valgrind REQUIRED)
  set(test_launcher ${VALGRIND} -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite
    --errors-for-leak-kinds=definite --suppressions=${CMAKE_SOURCE_DIR}/tests/support/valgrind.supp)
  # Valgrind does not know AVX-512: these libraries would ask the processor and use it.
  list(APPEND test_environment DNNL_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell)
endif()
