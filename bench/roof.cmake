# The measurement of the machine's limits, used by the benchmarks and by `phi bench`. Whoever links it also links lib/base, as part of
# phi_static or by phi_link_layer; machine_limits.h also wants lib/io.
include_guard(GLOBAL)

add_library(phi_roof STATIC
  ${CMAKE_CURRENT_LIST_DIR}/machine_limits.cc ${CMAKE_CURRENT_LIST_DIR}/machine_limits.h
  ${CMAKE_CURRENT_LIST_DIR}/model_cost.cc ${CMAKE_CURRENT_LIST_DIR}/model_cost.h
  ${CMAKE_CURRENT_LIST_DIR}/roof.cc ${CMAKE_CURRENT_LIST_DIR}/roof.h
  ${CMAKE_CURRENT_LIST_DIR}/roof_kernels.cc ${CMAKE_CURRENT_LIST_DIR}/roof_kernels.h)
target_include_directories(phi_roof
  PUBLIC ${CMAKE_CURRENT_LIST_DIR} ${PROJECT_SOURCE_DIR}/include
  PRIVATE ${PROJECT_SOURCE_DIR}/lib)
target_link_libraries(phi_roof PRIVATE phi_flags Threads::Threads)
