# Helpers that declare tests: phi_test for a doctest program, phi_tool_test for what a tool of the machine runs.

find_package(Python3 3.9 COMPONENTS Interpreter QUIET)

if(PHI_SANITIZE MATCHES "thread")
  # LLVM's OpenMP runtime is not compiled for ThreadSanitizer; its tool Archer tells which loops and barriers order what.
  get_filename_component(phi_openmp_folder "${OpenMP_omp_LIBRARY}" REALPATH)
  get_filename_component(phi_openmp_folder "${phi_openmp_folder}" DIRECTORY)
  file(GLOB phi_llvm_folders /usr/lib/llvm-*/lib)
  find_file(PHI_ARCHER libarcher.so HINTS ${phi_openmp_folder} ${phi_llvm_folders} REQUIRED)
  set(PHI_TEST_ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1;OMP_TOOL_LIBRARIES=${PHI_ARCHER}")
endif()

# phi_test(<name> LAYER <layer> SOURCES <files> [LABELS <labels>] [LIBRARIES <targets>] [SUITES <suites>])
# One doctest program and one ctest entry, or, with SUITES, one entry <name>.<suite> for each of its test suites.
function(phi_test name)
  cmake_parse_arguments(arg "" "LAYER" "SOURCES;LABELS;LIBRARIES;SUITES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  phi_link_layer(${name} ${arg_LAYER})
  target_link_libraries(${name} PRIVATE phi_test_support phi_test_main ${arg_LIBRARIES})
  if(arg_SUITES)
    foreach(suite IN LISTS arg_SUITES)
      add_test(NAME ${name}.${suite} COMMAND ${name} --test-suite=${suite})
      # A suite without tests is a misspelt one, which doctest would pass.
      set_tests_properties(${name}.${suite} PROPERTIES
        LABELS "${arg_LABELS}" ENVIRONMENT "${PHI_TEST_ENVIRONMENT}" FAIL_REGULAR_EXPRESSION "test cases: +0 ")
    endforeach()
  else()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" ENVIRONMENT "${PHI_TEST_ENVIRONMENT}")
  endif()
endfunction()

# phi_tool_test(<name> LABEL <label> COMMAND <command>... | PYTHON <script> <arguments>...
#   [NEEDS <needs>...] [UNSANITIZED] [SKIP <reason>] [ENVIRONMENT <NAME=value>...] [PROPERTIES <property> <value>...])
# PYTHON runs a script of the current folder. Instead of anything the test prints "skipped: <reason>" where
#   NEEDS        one of these is missing: a target, a file, or "<what>=<variable's value>", which is then false
#   UNSANITIZED  the library has sanitizers, whose runtime would have to be in the tool
#   SKIP         there is such a reason
# A test that finds out by itself that it cannot run prints such a line, too.
function(phi_tool_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "UNSANITIZED" "LABEL;SKIP" "COMMAND;PYTHON;NEEDS;ENVIRONMENT;PROPERTIES")
  if(arg_PYTHON)
    set(arg_COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/${arg_PYTHON})
    list(PREPEND arg_NEEDS "Python 3.9 or later=${Python3_EXECUTABLE}")
  endif()
  set(reason "${arg_SKIP}")
  if(arg_UNSANITIZED AND PHI_SANITIZE)
    set(reason "a library with sanitizers needs a program with them")
  endif()
  foreach(need IN LISTS arg_NEEDS)
    if(need MATCHES "^([^=]+)=(.*)$")
      set(what "${CMAKE_MATCH_1}")
      set(found "${CMAKE_MATCH_2}")
      if(NOT found)
        set(reason "no ${what}")
      endif()
    elseif(NOT TARGET ${need} AND NOT EXISTS ${need})
      set(reason "no ${need}")
    endif()
  endforeach()
  if(reason)
    set(arg_COMMAND ${CMAKE_COMMAND} -E echo "skipped: ${reason}")
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES
    LABELS ${arg_LABEL} SKIP_REGULAR_EXPRESSION "^skipped:" ENVIRONMENT "${arg_ENVIRONMENT}" ${arg_PROPERTIES})
endfunction()
