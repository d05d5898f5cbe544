/* Drives a target where there is no libFuzzer.
 *
 *     drive FILE...              each file once
 *     drive -n CASES -s SEED FILE...   so many mutations of them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES 8192
#define MAX_SEEDS 16384

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct input {
    size_t size;
    unsigned char bytes[MAX_BYTES];
};

static struct input seeds[MAX_SEEDS];
static unsigned seed_count;
static unsigned long long random_state;

static size_t chance(size_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state >> 16) % below;
}

static void take(const char *name) {
    FILE *file = fopen(name, "rb");
    if (!file) {
        perror(name);
        exit(2);
    }
    struct input *seed = &seeds[seed_count++];
    seed->size = fread(seed->bytes, 1, sizeof seed->bytes, file);
    fclose(file);
}

/* Turn bits, put octets in, take some out, cut, or go on with another seed's end. */
static size_t mutate(unsigned char *bytes, size_t size) {
    for (size_t changes = 1 + chance(4); changes && size > 2; changes--) {
        size_t at = 2 + chance(size - 2);
        const struct input *other = &seeds[chance(seed_count)];
        switch (chance(8)) {
        case 0: bytes[at] = (unsigned char)chance(256); break;
        case 1: size = at; break;
        case 2:
            if (size == MAX_BYTES) break;
            memmove(bytes + at + 1, bytes + at, size - at);
            bytes[at] = (unsigned char)chance(256);
            size++;
            break;
        case 3:
            memmove(bytes + at, bytes + at + 1, size - at - 1);
            size--;
            break;
        case 4:
            if (other->size > at) {
                memcpy(bytes + at, other->bytes + at, other->size - at);
                size = other->size;
            }
            break;
        case 5: bytes[1] = (unsigned char)chance(256); break;
        default: bytes[at] ^= (unsigned char)(1u << chance(8));
        }
    }
    return size;
}

static void one_case(void) {
    static unsigned char bytes[MAX_BYTES];
    const struct input *seed = &seeds[chance(seed_count)];
    if (seed->size) memcpy(bytes, seed->bytes, seed->size);
    LLVMFuzzerTestOneInput(bytes, mutate(bytes, seed->size));
}

int main(int argc, char **argv) {
    unsigned long cases = 0;
    int at = 1;
    random_state = 0x9e3779b97f4a7c15u;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        if (!strcmp(argv[at], "-n")) cases = strtoul(argv[at + 1], NULL, 10);
        if (!strcmp(argv[at], "-s")) random_state += strtoul(argv[at + 1], NULL, 10);
    }
    for (; at < argc && seed_count < MAX_SEEDS; at++) take(argv[at]);
    if (!seed_count) {
        fprintf(stderr, "drive: no files\n");
        return 2;
    }
    for (unsigned i = 0; i < seed_count; i++) {
        LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].size);
    }
    for (unsigned long i = 0; i < cases; i++) one_case();
    printf("%u files, %lu mutations\n", seed_count, cases);
    return 0;
}
