# libjem_blas.so: what is linked with OpenBLAS.  src/stats opens it at first use (stats/blas.h says
# why) and needs its headers alone.
foreach(library liblinear lapacke openblas)
  target_include_directories(jem_stats SYSTEM PUBLIC ${${library}_INCLUDE})
endforeach()

add_library(jem_blas MODULE src/stats/blas/blas_library.c)
target_link_libraries(jem_blas PRIVATE jem_flags liblinear lapacke openblas)
if(NOT JEM_SANITIZE AND NOT JEM_FUZZ)
  target_link_options(jem_blas PRIVATE -Wl,--no-undefined)
endif()
add_dependencies(jem_stats jem_blas)
install(TARGETS jem_blas LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

# It is looked for beside the program, and the tests lie elsewhere.
foreach(folder tests tests/fuzz tests/torture)
  add_custom_command(TARGET jem_blas POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/${folder}
    COMMAND ${CMAKE_COMMAND} -E create_symlink $<TARGET_FILE:jem_blas>
      ${CMAKE_BINARY_DIR}/${folder}/$<TARGET_FILE_NAME:jem_blas>)
endforeach()
