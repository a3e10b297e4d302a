/*
 * The measuring end: a Runtime API server that starts one runtime, feeds it events back to back and times it.
 *
 *   server STARTS WARM EVENTS FILE COMMAND...
 *
 * COMMAND is started STARTS times. All but the last are stopped at their first GET .../next; the last is sent WARM
 * events that do not count and EVENTS that do. An event is what FILE has, or a greeting for "-". All times are taken on
 * this side of the socket, so they hold nothing of the runtime's own idea of time. One JSON line comes out, medians
 * throughout. Each line on stdin asks for a turn of EVENTS more, and for a line with the medians of these; the end of
 * stdin stops the runtime.
 *
 *   first_next_ms  process start -> first GET .../next
 *   turn_us        event sent -> its whole response received: the handler, and the runtime around it
 *   loop_us        202 sent -> next GET .../next received: what the runtime does between invocations
 *   first_byte_us  event sent -> the first bytes of its answer received, or of its first chunk
 *   first_turn_us  first_byte_us of the first event of all, which is none of those
 *   rss_kb         the peak resident size of the process that took the events, so far
 *
 * Exit status 0, or 1 with one line on stderr that says what the runtime did wrong.
 *
 * COMMAND's stdout goes to /dev/null. One event is out at a time; a request has a Content-Length, chunks or no body. A
 * runtime may hold several connections. What it is not: a checker of the protocol. That is the emulator's and the
 * tests' work. An answer may be an error, but all of a run have to be of one kind: what the last one was is printed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 16 << 20, PATIENCE_S = 20 };

static const char GREETING[] = "{\"hello\": \"world\"}";
static const char *event = GREETING;
static size_t event_size = sizeof GREETING - 1;
static const char ACCEPTED[] =
    "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";

static int listener, poller;

struct connection {
    int fd;
    size_t length, scanned; /* of a request in chunks, what has been understood */
    double begun_us;        /* when its first bytes came, behind the head of a request in chunks */
    char buffer[BUFFER + 1];
};

static struct {
    pid_t pid; /* 0: none is running */
    double started_us, event_us, accepted_us;
    int warm, events; /* events to send: the first `warm` do not count; none for a start only */
    int sent, answered, poll_fd;
    bool polled, finished;
} runtime;

static struct samples {
    double *values;
    int count;
} starts, turns, loops, first_bytes;
static double first_turn_us;
static bool is_error;

static double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void stop_runtime(void) {
    if (runtime.pid > 0) {
        kill(runtime.pid, SIGKILL);
        waitpid(runtime.pid, NULL, 0);
    }
    runtime.pid = 0;
}

static void add(struct samples *samples, double value) { samples->values[samples->count++] = value; }

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(struct samples *samples) {
    qsort(samples->values, samples->count, sizeof *samples->values, ascending);
    return samples->values[samples->count / 2];
}

static void send_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n < 0)
            errx(1, "the runtime closed its connection before it was answered");
        data += n;
        size -= n;
    }
}

/* The end of the chunks that begin at `offset`, 0 while they are incomplete. */
static size_t chunks_end(struct connection *connection, size_t offset) {
    if (connection->scanned < offset)
        connection->scanned = offset;
    for (;;) {
        const char *start = connection->buffer + connection->scanned, *end = connection->buffer + connection->length;
        const char *line = memmem(start, end - start, "\r\n", 2);
        if (!line)
            return 0;
        if (connection->begun_us == 0)
            connection->begun_us = now_us();
        size_t size = strtoul(start, NULL, 16);
        if (size == 0) {
            const char *last = memmem(line, end - line, "\r\n\r\n", 4);
            return last ? (size_t)(last + 4 - connection->buffer) : 0;
        }
        if ((size_t)(end - line) < size + 4)
            return 0;
        connection->scanned = line + 2 + size + 2 - connection->buffer;
    }
}

/* The size of the request at the head of the buffer, 0 while it is incomplete; *body is its body's offset. */
static size_t request_size(struct connection *connection, size_t *body) {
    const char *end = memmem(connection->buffer, connection->length, "\r\n\r\n", 4);
    if (!end)
        return 0;
    *body = end + 4 - connection->buffer;
    size_t size = *body;
    for (const char *line = connection->buffer; line < end; line = strstr(line, "\r\n") + 2) {
        if (!strncasecmp(line, "content-length:", 15))
            size += strtoul(line + 15, NULL, 10);
        if (!strncasecmp(line, "transfer-encoding:", 18))
            return chunks_end(connection, *body);
    }
    if (connection->begun_us == 0)
        connection->begun_us = now_us();
    if (size > BUFFER)
        errx(1, "the runtime sent a request of %zu bytes, at most %d are expected", size, BUFFER);
    return connection->length >= size ? size : 0;
}

static void send_event(int fd) {
    char message[1024];
    int number = runtime.sent++;
    int size = snprintf(message, sizeof message,
                        "HTTP/1.1 200 OK\r\n"
                        "Content-Type: application/json\r\n"
                        "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012d\r\n"
                        "Lambda-Runtime-Deadline-Ms: 9999999999999\r\n"
                        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n"
                        "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-%024d;"
                        "Parent=9a9197af755a6419;Sampled=1\r\n"
                        "Date: Mon, 23 Nov 2026 00:00:00 GMT\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        number, number, event_size);
    if (size + event_size <= sizeof message) { /* in one piece, as the platform does it */
        memcpy(message + size, event, event_size);
        size += event_size;
    }
    runtime.event_us = now_us();
    send_all(fd, message, size);
    if (size + event_size > sizeof message)
        send_all(fd, event, event_size);
}

static void on_next(int fd, double received_us) {
    if (!runtime.polled)
        add(&starts, (received_us - runtime.started_us) / 1e3);
    else if (runtime.answered > runtime.warm)
        add(&loops, received_us - runtime.accepted_us);
    runtime.polled = true;
    runtime.poll_fd = fd;
    if (runtime.sent < runtime.events)
        send_event(fd);
    else
        runtime.finished = true;
}

static void on_post(int fd, const char *path, const char *body, double begun_us, double received_us) {
    bool was_error = is_error;
    if (memmem(path, strcspn(path, "\r"), "/init/error", 11))
        errx(1, "the runtime reported an init error: %.300s", body);
    is_error = !memmem(path, strcspn(path, "\r"), "/response", 9);
    if (runtime.answered > 0 && is_error != was_error)
        errx(1, "some answers are errors, some are not: %.300s", body);
    if (event == GREETING && !is_error && !strstr(body, "world"))
        errx(1, "the response is not the event: %.300s", body);
    if (runtime.answered == 0)
        first_turn_us = begun_us - runtime.event_us;
    if (++runtime.answered > runtime.warm) {
        add(&turns, received_us - runtime.event_us);
        add(&first_bytes, begun_us - runtime.event_us);
    }
    send_all(fd, ACCEPTED, sizeof ACCEPTED - 1);
    runtime.accepted_us = now_us();
}

static void on_readable(struct connection *connection) {
    char *buffer = connection->buffer;
    ssize_t n = recv(connection->fd, buffer + connection->length, BUFFER - connection->length, 0);
    if (n <= 0) {
        epoll_ctl(poller, EPOLL_CTL_DEL, connection->fd, NULL); /* close is not enough while a fork holds it too */
        close(connection->fd);
        free(connection);
        return;
    }
    connection->length += n;
    buffer[connection->length] = 0;
    for (size_t size, body; !runtime.finished && (size = request_size(connection, &body));) {
        double received_us = now_us();
        char after = buffer[size];
        buffer[size] = 0; /* the body is a string now */
        if (!strncmp(buffer, "GET ", 4))
            on_next(connection->fd, received_us);
        else
            on_post(connection->fd, buffer, buffer + body, connection->begun_us, received_us);
        buffer[size] = after;
        connection->length -= size;
        connection->scanned = 0;
        connection->begun_us = 0;
        memmove(buffer, buffer + size, connection->length + 1);
    }
}

static void watch(int fd, struct connection *connection) {
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest))
        err(1, "epoll_ctl");
}

static void on_connect(void) {
    struct connection *connection = calloc(1, sizeof *connection);
    connection->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    watch(connection->fd, connection);
}

static void start_runtime(char **command, int warm, int events) {
    memset(&runtime, 0, sizeof runtime);
    runtime.warm = warm;
    runtime.events = events;
    runtime.started_us = now_us();
    runtime.pid = fork();
    if (runtime.pid == 0) {
        dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO); /* nobody's reading of a log is in its times */
        execvp(command[0], command);
        warn("%s", command[0]);
        _exit(127);
    }
}

static void serve(void) {
    for (int silent_s = 0; !runtime.finished;) {
        struct epoll_event ready[16];
        int n = epoll_wait(poller, ready, 16, 1000);
        silent_s = n ? 0 : silent_s + 1;
        if (n == 0 && waitpid(runtime.pid, NULL, WNOHANG) == runtime.pid) {
            runtime.pid = 0;
            errx(1, "the runtime exited after %d of %d events", runtime.answered, runtime.events);
        }
        if (silent_s == PATIENCE_S)
            errx(1, "the runtime was silent for %d s after %d of %d events", silent_s, runtime.answered, runtime.events);
        for (int i = 0; i < n && !runtime.finished; i++) {
            if (ready[i].data.ptr)
                on_readable(ready[i].data.ptr);
            else
                on_connect();
        }
    }
}

static long peak_rss_kb(void) {
    char path[64], line[256];
    long size = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)runtime.pid);
    FILE *status = fopen(path, "r");
    if (!status)
        err(1, "%s", path);
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &size) == 1)
            break;
    fclose(status);
    return size;
}

/* A stopped runtime's connections are closed when the next life, or the exit, comes upon them. */
static void live(char **command, int warm, int events) {
    stop_runtime();
    start_runtime(command, warm, events);
    serve();
}

static void take_turn(int events) {
    turns.count = loops.count = first_bytes.count = 0;
    runtime.events += events;
    runtime.finished = false;
    send_event(runtime.poll_fd);
    serve();
}

static void print_figures(void) {
    printf("{\"first_next_ms\": %.2f, \"turn_us\": %.2f, \"loop_us\": %.2f, \"first_byte_us\": %.2f, "
           "\"first_turn_us\": %.2f, \"rss_kb\": %ld, \"is_error\": %s}\n",
           median(&starts), median(&turns), median(&loops), median(&first_bytes), first_turn_us, peak_rss_kb(),
           is_error ? "true" : "false");
    fflush(stdout);
}

static void listen_on_loopback(void) {
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16))
        err(1, "cannot listen on 127.0.0.1");
    poller = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, NULL);
    getsockname(listener, (struct sockaddr *)&address, &size);
    char api[32];
    snprintf(api, sizeof api, "127.0.0.1:%d", ntohs(address.sin_port));
    setenv("AWS_LAMBDA_RUNTIME_API", api, 1);
}

static void read_event(const char *path) {
    if (!strcmp(path, "-"))
        return;
    FILE *file = fopen(path, "r");
    char *data = malloc(BUFFER);
    if (!file || !data || (event_size = fread(data, 1, BUFFER, file)) == 0)
        err(1, "%s", path);
    fclose(file);
    event = data;
}

int main(int argc, char **argv) {
    if (argc < 6)
        errx(1, "usage: server STARTS WARM EVENTS FILE COMMAND...");
    int lives = atoi(argv[1]), warm = atoi(argv[2]), events = atoi(argv[3]);
    char **command = argv + 5;
    read_event(argv[4]);
    starts.values = calloc(lives, sizeof(double));
    turns.values = calloc(events, sizeof(double));
    loops.values = calloc(events, sizeof(double));
    first_bytes.values = calloc(events, sizeof(double));
    atexit(stop_runtime);

    listen_on_loopback();
    for (int i = 1; i < lives; i++)
        live(command, 0, 0);
    live(command, warm, warm + events);
    print_figures();
    for (int c; (c = getchar()) != EOF;) {
        if (c != '\n')
            continue;
        take_turn(events);
        print_figures();
    }
}
