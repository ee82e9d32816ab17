# Helpers of the tests in this folder.

# run(<variable> <command...>): its standard output; anything but success ends the test.
function(run variable)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT result EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}: ${result}\n${output}${errors}")
  endif()
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()

function(expect_equal what actual expected)
  if(NOT actual STREQUAL expected)
    message(FATAL_ERROR "${what}: '${actual}', expected '${expected}'")
  endif()
endfunction()

function(expect_match what text expression)
  if(NOT text MATCHES "${expression}")
    message(FATAL_ERROR "${what}: nothing matches '${expression}' in\n${text}")
  endif()
endfunction()

function(expect_no_match what text expression)
  if(text MATCHES "${expression}")
    message(FATAL_ERROR "${what}: '${CMAKE_MATCH_0}' in\n${text}")
  endif()
endfunction()
