# Lists what the object files with vector loops define and give to others: their one function that hands out the loops,
# and no copy of an inline function, which the linker might keep for the whole program.
# Run as: cmake -DNM=<nm> -DOBJECTS=<comma-separated> -P check_objects.cmake
string(REPLACE "," ";" objects "${OBJECTS}")
list(FILTER objects INCLUDE REGEX "chunk_codec_avx[0-9]+")
foreach(object IN LISTS objects)
  execute_process(COMMAND ${NM} --defined-only --extern-only --demangle ${object}
    OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(STRIP "${symbols}" symbols)
  if(NOT symbols MATCHES "^[0-9a-f]+ T kvferry::codec::avx[0-9]+_chunk_codec[^\n]*$")
    message(FATAL_ERROR "${object} defines more than one function, or another:\n${symbols}")
  endif()
endforeach()
list(LENGTH objects count)
if(count EQUAL 0)
  message(FATAL_ERROR "no object file with vector loops in: ${OBJECTS}")
endif()
message(STATUS "${count} object files define one function each")
