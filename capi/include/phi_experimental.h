/*
 * phi_experimental.h - calls that are being tried out.
 *
 * The rule: a new call starts here. There is no promise about what stands in this file: a call may
 * change or go in any version, it is no part of the ABI that is kept stable, and the rules of phi.h
 * hold for it otherwise. Once it has proved itself it moves up to phi.h, once and for good, and is
 * gone from here.
 *
 * At present there are none.
 */
#ifndef PHI_EXPERIMENTAL_H_
#define PHI_EXPERIMENTAL_H_

#include "phi.h"

#endif /* PHI_EXPERIMENTAL_H_ */
