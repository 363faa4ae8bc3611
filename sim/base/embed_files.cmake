# kvferry_embed_files(TARGET HEADER NAMESPACE FILE...): makes the text of each FILE part of the program, so
# that a catalog needs no place on the user's disk. HEADER declares, in NAMESPACE,
#   inline constexpr std::string_view <file name with '_' for '.' and '-'>
function(kvferry_embed_files target header namespace)
  set(body "#pragma once\n#include <string_view>\nnamespace ${namespace} {\n")
  foreach(file IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE path)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} text)
    cmake_path(GET path FILENAME name)
    string(REGEX REPLACE "[.-]" "_" name ${name})
    string(APPEND body "inline constexpr std::string_view ${name} = R\"kvferry(${text})kvferry\";\n")
  endforeach()
  string(APPEND body "}\n")
  set(path ${CMAKE_CURRENT_BINARY_DIR}/embedded/${header})
  file(GENERATE OUTPUT ${path} CONTENT "${body}")
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded)
endfunction()
