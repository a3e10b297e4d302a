/*
 * Where OpenSSL looks for certificate authorities: this replaces its crypto/x509/x509_def.c, which knows one place only.
 * The system's own store comes first, so that an administrator's authorities count; certifi's, shipped beside the
 * interpreter, is for systems that have none. SSL_CERT_FILE and SSL_CERT_DIR override both, as everywhere.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509.h>

static const char *const files[] = {
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Amazon Linux, Fedora */
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Alpine */
    "/etc/ssl/ca-bundle.pem",             /* SUSE */
    "/etc/ssl/cert.pem",
};

/* Made anew by each call of one value: threads that meet here write the same bytes. */
static char shipped[PATH_MAX];

const char *X509_get_default_cert_file(void)
{
    static const char name[] = "/lib/cacert.pem";
    char path[PATH_MAX];
    ssize_t length;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (access(files[i], R_OK) == 0)
            return files[i];

    length = readlink("/proc/self/exe", path, sizeof path - sizeof name);
    for (int i = 0; i < 2; i++) /* from bin/python3 to the folder above bin */
        while (length > 0 && path[--length] != '/')
            ;
    if (length <= 0)
        return files[0];
    memcpy(path + length, name, sizeof name);
    memcpy(shipped, path, length + sizeof name);
    return shipped;
}

const char *X509_get_default_cert_dir(void) { return access("/etc/pki/tls/certs", R_OK) == 0 ? "/etc/pki/tls/certs" : "/etc/ssl/certs"; }
const char *X509_get_default_cert_area(void) { return "/etc/ssl"; }
const char *X509_get_default_private_dir(void) { return "/etc/ssl/private"; }
const char *X509_get_default_cert_dir_env(void) { return "SSL_CERT_DIR"; }
const char *X509_get_default_cert_file_env(void) { return "SSL_CERT_FILE"; }
