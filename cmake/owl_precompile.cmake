# owl_precompile(target library_headers|test_headers)
#
# Reading the standard library's headers takes longer than compiling most of our sources: they are read once for all.
# Sources still include what they use; the builds with OWL_PRECOMPILE=OFF (fuzz, and ./dev check) prove it.
option(OWL_PRECOMPILE "Read common headers once for all targets" ON)

set(owl_library_headers <algorithm> <array> <atomic> <chrono> <filesystem> <functional> <map> <memory> <mutex> <optional>
    <ranges> <set> <span> <stop_token> <string> <string_view> <thread> <utility> <variant> <vector> <fmt/core.h>
    <fmt/format.h> <tl/expected.hpp>)
set(owl_test_headers ${owl_library_headers} <gmock/gmock.h> <gtest/gtest.h>)

function(owl_precompile target headers)
  if(NOT OWL_PRECOMPILE)
    return()
  endif()
  if(NOT TARGET ${headers})
    set(empty "${CMAKE_BINARY_DIR}/${headers}.cc")
    file(GENERATE OUTPUT "${empty}" CONTENT "")
    add_library(${headers} OBJECT "${empty}")
    target_link_libraries(${headers} PRIVATE owl_options fmt::fmt tl::expected)
    if(headers STREQUAL test_headers)
      target_link_libraries(${headers} PRIVATE GTest::gmock)
      target_compile_options(${headers} PRIVATE ${owl_test_optimisation})
    endif()
    target_precompile_headers(${headers} PRIVATE ${owl_${headers}})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()

# owl_test_program(target)
#
# What all test programs have in common. Their own code is not optimised: more than half of the time that g++ spends on
# it would go there, and what takes time in a test is the libraries.
set(owl_test_optimisation -O0)
function(owl_test_program target)
  target_link_libraries(${target} PRIVATE GTest::gmock GTest::gtest_main)
  target_compile_options(${target} PRIVATE ${owl_test_optimisation})
  owl_precompile(${target} test_headers)
endfunction()
