/*
 * `bootstrap` as the packages have it: starts lambda-bootstrap/bin/python3 with lambda-bootstrap/bootstrap, both beside
 * this program, wherever that is. A shell script of one line would do the same, and take 0.5 ms more at each start.
 *
 * Without `site` (-S), which takes 0.5 ms as well; what functions have from it comes from lambda-bootstrap/bootstrap.
 * Where PYTHONPATH is set there may be a sitecustomize on it, which is how tools start themselves.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char home[PATH_MAX], python[PATH_MAX + 40], script[PATH_MAX + 40];

int main(int argc, char **argv)
{
    ssize_t length = readlink("/proc/self/exe", home, sizeof home - 1);
    char *arguments[argc + 3], **next = arguments;

    if (length < 0) { /* no /proc: believe the caller */
        strncpy(home, argv[0], sizeof home - 1);
        length = strlen(home);
    }
    while (length > 0 && home[length - 1] != '/')
        length--;
    snprintf(python, sizeof python, "%.*slambda-bootstrap/bin/python3", (int)length, home);
    snprintf(script, sizeof script, "%.*slambda-bootstrap/bootstrap", (int)length, home);

    *next++ = python;
    if (getenv("PYTHONPATH") == NULL)
        *next++ = "-S";
    *next++ = script;
    for (int i = 1; i <= argc; i++) /* the last is NULL */
        *next++ = argv[i];
    execv(python, arguments);
    fprintf(stderr, "bootstrap: ");
    perror(python);
    return 127;
}
