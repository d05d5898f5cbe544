/* `serve`: one answer for each request, at once. */
#include <string.h>

#include "serve.h"

static void print_answer(struct server *server, enum framing framing) {
    struct buffer *answer = &server->answer;
    size_t size = answer->size;
    if (framing == FRAMING_LENGTH) {
        uint8_t head[] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                          (uint8_t)size};
        fwrite(head, 1, sizeof head, stdout); /* print() notices where this fails */
    } else {
        buffer_add_text(answer, "\n");
    }
    print(answer->data, answer->size);
}

static enum reading read_request(struct server *server, enum framing framing) {
    if (framing == FRAMING_LENGTH) return buffer_read_frame(&server->in, stdin);
    return buffer_read_line(&server->in, stdin);
}

/* Say why there are no more requests; returns the exit status. */
static int end(enum reading reading) {
    if (reading == READ_END) return STATUS_OK;
    if (reading == READ_FAILED) {
        complain("standard input");
    } else {
        fputs(PROGRAM " serve: standard input ends within a request\n", stderr);
    }
    return STATUS_FILES;
}

int run_serve(enum framing framing) {
    struct server server = {.in.size = 0};
    enum reading reading;
    while ((reading = read_request(&server, framing)) <= READ_TOO_LONG) {
        if (reading == READ_TOO_LONG) {
            answer_error(&server, "a request of more than 16 MiB");
        } else {
            answer_request(&server);
        }
        print_answer(&server, framing);
    }
    int status = end(reading);
    buffer_free(&server.in);
    buffer_free(&server.stream);
    buffer_free(&server.answer);
    free_outcome(&server.outcome);
    return status;
}
