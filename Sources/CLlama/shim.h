#ifndef HEADGATE_CLLAMA_SHIM_H
#define HEADGATE_CLLAMA_SHIM_H

#if __has_include(<llama.h>)
#include <llama.h>
#else
#error "libllama is not set up: run 'make setup' once, then build again"
#endif

#ifdef __linux__
/* The C library declares this only under _GNU_SOURCE, which comes too late for a module. */
int memfd_create(const char *name, unsigned int flags);
#endif

#endif
