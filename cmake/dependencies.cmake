# Third-party parts: what the machine has first, then what cmake/install_dependencies.sh built into its cache, then the pinned
# upstream release. Each is seen by the one layer that wraps it.

set(PHI_DEPS_DIR "$ENV{PHI_DEPS_DIR}" CACHE PATH "Where install_dependencies.sh keeps what it built; empty = the user's cache")
if(NOT PHI_DEPS_DIR)
  if(DEFINED ENV{XDG_CACHE_HOME})
    set(phi_deps "$ENV{XDG_CACHE_HOME}/libphi")
  else()
    set(phi_deps "$ENV{HOME}/.cache/libphi")
  endif()
else()
  set(phi_deps "${PHI_DEPS_DIR}")
endif()
list(PREPEND CMAKE_PREFIX_PATH "${phi_deps}/prefix")

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(nlohmann_json 3.10 REQUIRED)

# oneDNN: its block kernels (ukernel API) and no primitive. Older ones (Debian 12 has 2.6) lack them.
find_package(dnnl 3.7 CONFIG QUIET)
if(NOT dnnl_FOUND)
  message(STATUS "oneDNN >= 3.7 not found: building its block kernels from source (two to three minutes on 2 cores, once)")
  add_subdirectory(cmake/onednn EXCLUDE_FROM_ALL SYSTEM)  # nothing of it is installed; its headers are not warned about
  add_library(DNNL::dnnl ALIAS dnnl)
endif()

# phi_wrap(<name> <header> [<libraries>]): the target phi_<name>, of what is found first among the names of a library.
function(phi_wrap name header)
  string(TOUPPER PHI_${name} prefix)
  find_path(${prefix}_INCLUDE ${header} REQUIRED)
  add_library(phi_${name} INTERFACE)
  target_include_directories(phi_${name} SYSTEM INTERFACE ${${prefix}_INCLUDE})
  if(ARGN)
    find_library(${prefix}_LIBRARY NAMES ${ARGN} REQUIRED)
    target_link_libraries(phi_${name} INTERFACE ${${prefix}_LIBRARY})
  endif()
endfunction()

# The regular expressions and the Unicode tables of the tokenizers; the hashes of packed files, of a header alone.
phi_wrap(pcre2 pcre2.h libpcre2-8.a pcre2-8)
target_compile_definitions(phi_pcre2 INTERFACE PCRE2_CODE_UNIT_WIDTH=8 $<$<BOOL:${WIN32}>:PCRE2_STATIC>)
phi_wrap(utf8proc utf8proc.h libutf8proc.a utf8proc)
target_compile_definitions(phi_utf8proc INTERFACE UTF8PROC_STATIC)
phi_wrap(xxhash xxhash.h)

if(PHI_BUILD_TESTS)
  find_package(doctest REQUIRED)
endif()
if(PHI_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
if(PHI_BUILD_EXAMPLES)
  find_package(CLI11 REQUIRED)
endif()
