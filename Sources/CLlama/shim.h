#ifndef HEADGATE_CLLAMA_SHIM_H
#define HEADGATE_CLLAMA_SHIM_H

#if __has_include(<llama.h>)
#include <llama.h>
#else
#error "libllama is not set up: run 'make setup' once, then build again"
#endif

#endif
