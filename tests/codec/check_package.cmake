# Builds the codec alone, installs it, compiles every installed header by itself and the example against the package,
# and runs the example.
# Run as: cmake -DCODEC=<codec> -DWORK=<scratch folder> -DCOMPILER=<C++ compiler> -P check_package.cmake
file(REMOVE_RECURSE ${WORK})
set(installed ${WORK}/installed)
set(options -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${installed})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} -S ${CODEC} -B ${WORK}/codec ${options} -DKVFERRY_CUDA=OFF)
run(${CMAKE_COMMAND} --build ${WORK}/codec --parallel 2)
run(${CMAKE_COMMAND} --install ${WORK}/codec --prefix ${installed})

file(GLOB_RECURSE headers RELATIVE ${installed}/include/kvferry ${installed}/include/kvferry/*.hpp)
list(LENGTH headers header_count)
if(header_count LESS 10)
  message(FATAL_ERROR "only ${header_count} headers were installed: ${headers}")
endif()
set(sources "")
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER ${header} name)
  file(WRITE ${WORK}/headers/${name}.cpp "#include <${header}>\n#include <${header}>\n")
  list(APPEND sources ${name}.cpp)
endforeach()
list(JOIN sources " " sources)
file(WRITE ${WORK}/headers/CMakeLists.txt
  "cmake_minimum_required(VERSION 3.25)\nproject(headers LANGUAGES CXX)\nfind_package(kvferry_codec 0.1 REQUIRED)\n"
  "add_library(headers OBJECT ${sources})\ntarget_link_libraries(headers PRIVATE kvferry::codec)\n")
run(${CMAKE_COMMAND} -S ${WORK}/headers -B ${WORK}/headers/build ${options})
run(${CMAKE_COMMAND} --build ${WORK}/headers/build --parallel 2)

run(${CMAKE_COMMAND} -S ${CODEC}/example -B ${WORK}/example ${options})
run(${CMAKE_COMMAND} --build ${WORK}/example)
run(${WORK}/example/send_kv)
if(NOT output MATCHES "bit-identical")
  message(FATAL_ERROR "the example printed: ${output}")
endif()
message(STATUS "${header_count} headers compile alone; the example printed: ${output}")
