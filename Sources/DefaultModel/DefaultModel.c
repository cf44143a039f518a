#include "DefaultModel.h"

/* #embed is C23; SwiftPM compiles C as an older dialect, where clang has it as an extension. */
#pragma clang diagnostic ignored "-Wc23-extensions"

/* Aligned as GGUF aligns its tensors, so that they could be read in place. */
_Alignas(32) static const unsigned char model[] = {
#embed "model.gguf"
};

_Alignas(32) static const unsigned char head[] = {
#embed "head.gguf"
};

struct headgate_embedded_file headgate_default_model(void) {
    return (struct headgate_embedded_file){model, sizeof model};
}

struct headgate_embedded_file headgate_default_head(void) {
    return (struct headgate_embedded_file){head, sizeof head};
}
