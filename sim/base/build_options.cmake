# What every kvferry target is compiled with; codec/ uses it too when it is built alone.
option(KVFERRY_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
option(KVFERRY_SANITIZE "Address and undefined-behaviour sanitizers" OFF)
option(KVFERRY_FUZZ "Fuzz targets for libFuzzer instead of the tests; needs clang" OFF)

add_library(kvferry_build_options INTERFACE)
add_library(kvferry::build_options ALIAS kvferry_build_options)
target_compile_features(kvferry_build_options INTERFACE cxx_std_20)
target_compile_options(kvferry_build_options INTERFACE
  # No fused multiply-add behind our back: it changes the last bit, and with it the order of events.
  $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wold-style-cast -Wcast-qual -Wnon-virtual-dtor -Woverloaded-virtual>
  # GCC 12 sees overlaps in std::string's operator+ that are not there (its bug 105651).
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${KVFERRY_WARNINGS_AS_ERRORS}>>:-Werror>)
if(KVFERRY_SANITIZE)
  target_compile_options(kvferry_build_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(kvferry_build_options INTERFACE -fsanitize=address,undefined)
endif()
if(KVFERRY_FUZZ)
  target_compile_options(kvferry_build_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
