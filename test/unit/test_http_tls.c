/*
 * test_http_tls.c
 *		Whom the HTTP room trusts: whoever has a certificate by the CA file, and
 *		nobody else.
 *
 * The server is a thread with a certificate of its own making; each test says
 * which file the client trusts.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "http_testing.h"
#include "unit.h"

static const char answer[] =
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

static void
insist(bool condition, const char *what)
{
	if (condition)
		return;
	printf("Bail out! %s\n", what);
	exit(2);
}

/* ---- certificates ---- */

typedef struct Identity
{
	EVP_PKEY *key;
	X509 *certificate;
} Identity;

static void
add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	insist(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, "no extension");
	X509_EXTENSION_free(extension);
}

/* Signs itself. */
static Identity
make_identity(const char *name, const char *address)
{
	Identity identity = {.key = EVP_RSA_gen(2048), .certificate = X509_new()};
	X509 *certificate = identity.certificate;
	X509_NAME *subject = X509_get_subject_name(certificate);

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, identity.key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *) name, -1, -1,
							   0);
	X509_set_issuer_name(certificate, subject);
	add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(certificate, NID_subject_alt_name, address);
	insist(X509_sign(certificate, identity.key, EVP_sha256()) > 0, "no certificate");
	return identity;
}

static void
free_identity(Identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
}

static void
write_certificate(const char *path, const Identity *identity)
{
	FILE *file = fopen(path, "w");

	insist(file != NULL && PEM_write_X509(file, identity->certificate) == 1, "no file");
	fclose(file);
}

/* ---- a server ---- */

typedef struct TlsServer
{
	SSL_CTX *context;
	int listener;
	int port;
	pthread_t thread;
} TlsServer;

static void
serve(SSL_CTX *context, int connection)
{
	SSL *ssl = SSL_new(context);
	char request[4096];

	SSL_set_fd(ssl, connection);
	if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0)
	{
		SSL_write(ssl, answer, (int) strlen(answer));
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(connection);
}

static void *
serve_all(void *argument)
{
	TlsServer *tls = argument;
	int connection;

	while ((connection = accept(tls->listener, NULL, NULL)) >= 0)
		serve(tls->context, connection);
	return NULL;
}

static void
start_server(TlsServer *tls, const Identity *identity)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	tls->context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(tls->context, identity->certificate);
	SSL_CTX_use_PrivateKey(tls->context, identity->key);
	tls->listener = socket(AF_INET, SOCK_STREAM, 0);
	insist(bind(tls->listener, (struct sockaddr *) &address, length) == 0 &&
			   listen(tls->listener, 16) == 0 &&
			   getsockname(tls->listener, (struct sockaddr *) &address, &length) == 0,
		   "no server");
	tls->port = ntohs(address.sin_port);
	insist(pthread_create(&tls->thread, NULL, serve_all, tls) == 0, "no thread");
}

static void
stop_server(TlsServer *tls)
{
	shutdown(tls->listener, SHUT_RDWR);
	pthread_join(tls->thread, NULL);
	close(tls->listener);
	SSL_CTX_free(tls->context);
}

/* ---- the client ---- */

static char trusted_file[] = "/tmp/test_http_tls.XXXXXX";

static HttpClientOptions
options_trusting(const char *ca_file)
{
	HttpClientOptions options = usual_options();

	options.allow_plain_http = false;
	options.ca_file = ca_file;
	return options;
}

static void
expect(HttpClient *client, const TlsServer *tls, HttpOutcome outcome, const char *name)
{
	char url[64];
	HttpExchange *exchange;

	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", tls->port);
	exchange = get(client, url);
	if (!is_int(http_exchange_outcome(exchange), outcome, name))
		printf("#   error: %s\n", http_exchange_error(exchange));
	http_exchange_free(exchange);
}

static void
test_trust(const TlsServer *tls, const Identity *own, const Identity *other)
{
	HttpClientOptions options = options_trusting(trusted_file);
	HttpClientOptions without = options_trusting(NULL);
	HttpClientOptions nowhere = options_trusting("/nowhere/ca.pem");
	HttpClient *client;

	write_certificate(trusted_file, own);
	client = create_client(&options);
	expect(client, tls, HTTP_ANSWERED, "a server with a certificate by the CA file is trusted");
	http_client_reconfigure(client, &without);
	expect(client, tls, HTTP_NEVER_SENT, "without the file it is not");
	http_client_reconfigure(client, &nowhere);
	expect(client, tls, HTTP_NEVER_SENT, "nor with one that is not there");
	http_client_reconfigure(client, &options);
	expect(client, tls, HTTP_ANSWERED, "with the file it is again");

	write_certificate(trusted_file, other);
	http_client_reconfigure(client, &options);
	expect(client, tls, HTTP_NEVER_SENT, "the file's present content counts: of another CA");
	write_certificate(trusted_file, own);
	http_client_reconfigure(client, &options);
	expect(client, tls, HTTP_ANSWERED, "... and of the right one again");
	http_client_abandon(client);
}

static void
test_other_name(const Identity *elsewhere)
{
	HttpClientOptions options = options_trusting(trusted_file);
	HttpClient *client;
	TlsServer tls;

	write_certificate(trusted_file, elsewhere);
	start_server(&tls, elsewhere);
	client = create_client(&options);
	expect(client, &tls, HTTP_NEVER_SENT, "a certificate for another host is refused, by whomever");
	http_client_abandon(client);
	stop_server(&tls);
}

int
main(void)
{
	Identity own = make_identity("own", "IP:127.0.0.1");
	Identity other = make_identity("other", "IP:127.0.0.1");
	Identity elsewhere = make_identity("elsewhere", "DNS:elsewhere.example");
	TlsServer tls;

	/* A client that trusts us not closes while we write. */
	signal(SIGPIPE, SIG_IGN);
	insist(mkstemp(trusted_file) >= 0, "no file");
	start_server(&tls, &own);
	test_trust(&tls, &own, &other);
	stop_server(&tls);
	test_other_name(&elsewhere);
	unlink(trusted_file);
	free_identity(&own);
	free_identity(&other);
	free_identity(&elsewhere);
	return done_testing();
}
