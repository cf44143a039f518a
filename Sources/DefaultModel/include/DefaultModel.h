#ifndef HEADGATE_DEFAULT_MODEL_H
#define HEADGATE_DEFAULT_MODEL_H

#include <stddef.h>

/* A file that is part of the binary; it lives as long as the process. */
struct headgate_embedded_file {
    const void *bytes;
    size_t count;
};

/* The default model and its score head, each a whole GGUF. */
struct headgate_embedded_file headgate_default_model(void);
struct headgate_embedded_file headgate_default_head(void);

#endif
