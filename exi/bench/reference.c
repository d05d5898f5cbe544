#include "reference.h"

#include <dlfcn.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#define STREAM_BYTES 1024       /* more than its stream structure has */
#define DOCUMENT_BYTES (1 << 20) /* more than any of its document structures has */

typedef void stream_init(void *stream, uint8_t *data, size_t size, size_t offset, void *callback);
typedef size_t stream_length(void *stream);
typedef int document_coder(void *stream, void *document);

static const struct {
    const char *schema, *decode, *encode;
} coders[] = {
    {"app", "decode_appHand_exiDocument", "encode_appHand_exiDocument"},
    {"din", "decode_din_exiDocument", "encode_din_exiDocument"},
    {"iso2", "decode_iso2_exiDocument", "encode_iso2_exiDocument"},
};

static void *library;
static stream_init *init;
static stream_length *length;
static document_coder *decode, *encode;
static alignas(max_align_t) uint8_t stream[STREAM_BYTES], document[DOCUMENT_BYTES];

/* Find a function; C has no conversion from an object's address to a function's. */
static bool find(const char *name, void *function) {
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

const char *reference_load(const char *path) {
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return dlerror();
    if (find("exi_bitstream_init", &init) && find("exi_bitstream_get_length", &length)) return NULL;
    return "it has no exi_bitstream_init and exi_bitstream_get_length: not libcbv2g";
}

bool reference_choose(const char *schema) {
    for (size_t i = 0; i < sizeof coders / sizeof *coders; i++) {
        if (strcmp(coders[i].schema, schema)) continue;
        return find(coders[i].decode, &decode) && find(coders[i].encode, &encode);
    }
    return false;
}

bool reference_decode(const uint8_t *data, size_t size) {
    /* The library reads through a pointer to bytes that are not const. */
    init(stream, (uint8_t *)(uintptr_t)data, size, 0, NULL);
    return decode(stream, document) == 0;
}

size_t reference_encode(uint8_t *data, size_t capacity) {
    init(stream, data, capacity, 0, NULL);
    return encode(stream, document) ? 0 : length(stream);
}
