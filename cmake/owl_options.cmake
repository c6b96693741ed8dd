# Compile options shared by every target.

add_library(owl_options INTERFACE)
target_include_directories(owl_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_definitions(owl_options INTERFACE OWL_VERSION="${PROJECT_VERSION}")
target_compile_options(owl_options INTERFACE
  -Wall -Wextra -Wshadow
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual>
  $<$<BOOL:${OWL_WERROR}>:-Werror>)

# At -O3, g++ 12 sees overflows, overlaps and uses after free in the standard library's own code that can't happen.
# The builds for tests keep these warnings.
target_compile_options(owl_options INTERFACE
  $<$<AND:$<CONFIG:Release>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-Wno-stringop-overflow -Wno-restrict -Wno-array-bounds -Wno-use-after-free>)

# How many times as long as else a test may take.
set(OWL_PATIENCE 1)
if(OWL_SANITIZE)
  set(OWL_PATIENCE 6)
  target_compile_options(owl_options INTERFACE
    -fsanitize=${OWL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(owl_options INTERFACE -fsanitize=${OWL_SANITIZE})
endif()
if(OWL_FUZZ)
  # Every module is instrumented for coverage; only the fuzz targets link libFuzzer's main.
  target_compile_options(owl_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(owl_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(OWL_COVERAGE)
  target_compile_options(owl_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(owl_options INTERFACE --coverage)
endif()

find_program(OWL_CCACHE ccache)
if(OWL_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${OWL_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${OWL_CCACHE}")
endif()
find_package(Threads REQUIRED)
target_link_libraries(owl_options INTERFACE Threads::Threads)
