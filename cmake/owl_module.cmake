include(owl_precompile)

# owl_module(name [DEPS module...] [LIBS library...])
#
# One static library from src/<name>/*.cc and, where there are *_test.cc files, one GoogleTest program <name>_test.
# DEPS are modules that its headers or sources include: tests/layers compares them with layers.txt.
# LIBS are the system libraries that this module owns: no other module includes their headers.
function(owl_module name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC owl_options ${ARG_DEPS} PRIVATE ${ARG_LIBS})
    owl_precompile(${name} library_headers)
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE owl_options ${ARG_DEPS} ${ARG_LIBS})
  endif()

  if(OWL_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${ARG_LIBS})
    owl_test_program(${name}_test)
    math(EXPR timeout "120 * ${OWL_PATIENCE}")
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
                         PROPERTIES TIMEOUT ${timeout} LABELS unit)
  endif()
endfunction()
