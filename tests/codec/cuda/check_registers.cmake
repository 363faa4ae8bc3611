# Compiles the kernels for one architecture and reads what ptxas says: no spills, no stack, no more registers than
# __launch_bounds__ promise. Run as:
#   cmake -DNVCC=<nvcc> -DROOT=<repository> -DARCHITECTURE=<90> -DWORK=<scratch folder> -P check_registers.cmake
set(most_registers_encode 64)  # 4 blocks of 256 threads on a multiprocessor with 65,536 registers
set(most_registers_decode 64)
set(kernels_encode 18)         # 9 formats, contiguous and any codebook
set(kernels_decode 9)

execute_process(COMMAND ${NVCC} --list-gpu-arch OUTPUT_VARIABLE known)
if(NOT known MATCHES "compute_${ARCHITECTURE}\n")
  message(STATUS "NOT CHECKED: this CUDA compiler does not know sm_${ARCHITECTURE}")
  return()
endif()
file(MAKE_DIRECTORY ${WORK})
foreach(direction encode decode)
  execute_process(
    COMMAND ${NVCC} -std=c++20 -O3 -cubin -arch=sm_${ARCHITECTURE} -Xptxas -v -I${ROOT}
      -o ${WORK}/${direction}_${ARCHITECTURE}.cubin ${ROOT}/codec/cuda/${direction}.cu
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${direction}.cu does not compile for sm_${ARCHITECTURE}:\n${output}")
  endif()
  string(REGEX MATCHALL "[0-9]+ bytes stack frame, [0-9]+ bytes spill stores, [0-9]+ bytes spill loads" frames "${output}")
  string(REGEX MATCHALL "Used [0-9]+ registers" uses "${output}")
  list(LENGTH frames frame_count)
  list(LENGTH uses use_count)
  if(NOT use_count EQUAL kernels_${direction} OR NOT frame_count EQUAL kernels_${direction})
    message(FATAL_ERROR "expected ${kernels_${direction}} kernels in ${direction}.cu, ptxas names ${use_count}:\n${output}")
  endif()
  foreach(frame IN LISTS frames)
    if(NOT frame STREQUAL "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads")
      message(FATAL_ERROR "${direction}.cu on sm_${ARCHITECTURE}: ${frame}:\n${output}")
    endif()
  endforeach()
  set(largest 0)
  foreach(use IN LISTS uses)
    string(REGEX MATCH "[0-9]+" registers "${use}")
    if(registers GREATER largest)
      set(largest ${registers})
    endif()
  endforeach()
  if(largest GREATER most_registers_${direction})
    message(FATAL_ERROR "${direction}.cu on sm_${ARCHITECTURE}: ${largest} registers, budget ${most_registers_${direction}}")
  endif()
  message(STATUS "${direction}.cu on sm_${ARCHITECTURE}: ${use_count} kernels, no spills, no stack, at most ${largest} registers")
endforeach()
