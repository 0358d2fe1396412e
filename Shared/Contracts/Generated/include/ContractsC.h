// Every message of the contract, for Swift.
#include "tiemchung/correction/v1/correction.pb-c.h"
#include "tiemchung/intake/v1/intake.pb-c.h"
#include "tiemchung/issuance/v1/issuance.pb-c.h"
#include "tiemchung/matching/v1/matching.pb-c.h"
#include "tiemchung/signing/v1/signing.pb-c.h"
