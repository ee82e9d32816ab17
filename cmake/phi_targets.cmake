# Helpers that declare the parts of the project. A layer is an OBJECT library, so that tests link its internals without
# anything internal being exported from libphi.so.

add_library(phi_flags INTERFACE)
target_compile_options(phi_flags INTERFACE
  -Wall -Wextra -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wconversion>
  # GCC 12 sees overlaps in std::string's operator+ that are not there (GCC bug 105651).
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  # The same sums on every compiler: a multiply and an add fuse only where the source says so.
  -ffp-contract=off
  $<$<BOOL:${PHI_WERROR}>:-Werror>)
if(PHI_SANITIZE)
  target_compile_options(phi_flags INTERFACE -fsanitize=${PHI_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(phi_flags INTERFACE -fsanitize=${PHI_SANITIZE})
endif()
if(PHI_BUILD_FUZZERS)
  target_compile_options(phi_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(PHI_THREADS STREQUAL "openmp")
  target_compile_definitions(phi_flags INTERFACE PHI_DEFAULT_BACKEND_OPENMP)
endif()

# phi_layer(<name> SEES <layers> [LIBRARIES <third-party targets>] SOURCES <files>)
# Declares lib/<name>. SEES lists the layers that it includes; tests/policy holds the same table.
function(phi_layer name)
  cmake_parse_arguments(arg "" "" "SEES;LIBRARIES;SOURCES" ${ARGN})
  add_library(phi_${name} OBJECT ${arg_SOURCES})
  target_include_directories(phi_${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/lib ${PROJECT_BINARY_DIR}/include)
  target_link_libraries(phi_${name} PRIVATE phi_flags ${arg_LIBRARIES})
  set(closure ${name})
  set(libraries ${arg_LIBRARIES})
  foreach(layer IN LISTS arg_SEES)
    get_property(more GLOBAL PROPERTY PHI_CLOSURE_${layer})
    get_property(more_libraries GLOBAL PROPERTY PHI_LIBRARIES_${layer})
    list(APPEND closure ${more})
    list(APPEND libraries ${more_libraries})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  list(REMOVE_DUPLICATES libraries)
  set_property(GLOBAL PROPERTY PHI_CLOSURE_${name} ${closure})
  set_property(GLOBAL PROPERTY PHI_LIBRARIES_${name} ${libraries})
endfunction()

# phi_link_layer(<target> <layer>): the objects of a layer and of all that it sees, with their third-party libraries.
function(phi_link_layer target layer)
  get_property(closure GLOBAL PROPERTY PHI_CLOSURE_${layer})
  get_property(libraries GLOBAL PROPERTY PHI_LIBRARIES_${layer})
  foreach(part IN LISTS closure)
    target_link_libraries(${target} PRIVATE phi_${part})
  endforeach()
  target_link_libraries(${target} PRIVATE ${libraries} phi_flags)
endfunction()
