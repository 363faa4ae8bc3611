# kvferry_add_test(NAME SOURCES ... LIBRARIES ...) registers every case of a GoogleTest program as a CTest of its own, so
# that each runs in its own process: SimGrid allows one engine per process.
find_package(GTest REQUIRED)
include(GoogleTest)

function(kvferry_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${KVFERRY_SOURCE_ROOT})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} kvferry::build_options GTest::gmock_main)
  target_compile_definitions(${name} PRIVATE
    KVFERRY_TEST_FILES="${KVFERRY_SOURCE_ROOT}/tests"
    KVFERRY_SHARED_FILES="${KVFERRY_SOURCE_ROOT}/../shared/data")
  if(KVFERRY_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Under the sanitizers GCC 12 takes members of empty std::optional and std::variant for uninitialised.
    target_compile_options(${name} PRIVATE -Wno-maybe-uninitialized)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
endfunction()
