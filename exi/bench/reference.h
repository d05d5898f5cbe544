/* A reference library to measure beside the machine, loaded from a path that the user names.
 *
 * It is libcbv2g, or what has its public C interface: generated code that fills one structure for
 * a document. Here the structure is a block of bytes: what decoding puts in, encoding takes out.
 */
#ifndef EXI_BENCH_REFERENCE_H
#define EXI_BENCH_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Load the library; returns NULL, or what is wrong with it. */
const char *reference_load(const char *path);

/* Choose the schema of what follows; false where the library does not have it. */
bool reference_choose(const char *schema);

/* Decode into the structure; what a user of the library must do, nothing else. */
bool reference_decode(const uint8_t *data, size_t size);

/* Encode the structure; returns the number of bytes, 0 where that failed. */
size_t reference_encode(uint8_t *data, size_t capacity);

#endif
