// exp, log, pow, sine and cosine that give the same bits on every machine.
//
// The C library's versions differ in the last bit between releases and between processors with and
// without fused multiply-add, and one bit is enough to reorder two events. These use only +, -, *,
// / and sqrt, which IEEE 754 rounds exactly (kvferry is compiled with -ffp-contract=off). Accuracy:
// within 4e-16 relative of the true value (pow: 1e-14) over the ranges the simulator uses; tested
// against the C library.
#pragma once

namespace kvferry {

/// e^x; 0 below -745, infinity above 709.78.
double portable_exp(double x);

/// Natural logarithm of a positive, finite x.
double portable_log(double x);

/// Natural logarithms of four positive, normal numbers, each with the bits of portable_log(); sooner
/// than one after the other.
void portable_log4(const double* x, double* log);

/// base^exponent for a positive, finite base; 0 for base 0 and a positive exponent.
double portable_pow(double base, double exponent);

struct CosSin {
  double cosine;
  double sine;
};

/// Cosine and sine of an angle in radians, |angle| <= 1e6.
CosSin portable_cos_sin(double angle);

}  // namespace kvferry
