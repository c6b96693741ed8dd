# The archive module, once for each major version whose server headers are on this machine (Debian 12:
# postgresql-server-dev-15): build/lib/postgresql-<major>/owlbackup.so. Optional: without headers there is none.
function(owl_archive_modules)
  file(GLOB programs /usr/lib/postgresql/*/bin/pg_config)
  foreach(program IN LISTS programs)
    execute_process(COMMAND ${program} --includedir-server OUTPUT_VARIABLE headers OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(REGEX REPLACE ".*/postgresql/([0-9]+)/.*" "\\1" major "${program}")
    if(major LESS 15 OR NOT EXISTS "${headers}/postgres.h")
      continue()
    endif()
    set(target owl_archive_module_${major})
    add_library(${target} MODULE archive-module/owlbackup.c)
    set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME owlbackup C_STANDARD 11 C_EXTENSIONS ON
      LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/postgresql-${major}")
    target_include_directories(${target} SYSTEM PRIVATE "${headers}")
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    target_compile_options(${target} PRIVATE -O2 -Wall -Wextra -Wno-unused-parameter $<$<BOOL:${OWL_WERROR}>:-Werror>)
  endforeach()
endfunction()
