// Marks arithmetic that host code, the CPU reference and CUDA kernels share.
#pragma once

#if defined(__CUDACC__)
#define KVFERRY_HOST_DEVICE __host__ __device__
#else
#define KVFERRY_HOST_DEVICE
#endif
