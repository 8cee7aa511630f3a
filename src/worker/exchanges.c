/*
 * exchanges.c
 *		This worker's HTTP client: one, with the options of the settings.
 */
#include "postgres.h"

#include "server/settings.h"
#include "utils/timestamp.h"
#include "worker/exchanges.h"

#define USER_AGENT "github_sync/" GITHUB_SYNC_VERSION " (PostgreSQL extension)"

static HttpClient *client = NULL;

static HttpClientOptions
options_of_settings(void)
{
	HttpClientOptions options = {.user_agent = USER_AGENT,
								 .ca_file = setting_ca_file[0] ? setting_ca_file : NULL,
								 .proxy = setting_proxy[0] ? setting_proxy : NULL,
								 /* The setting's check allows plain http to loopback hosts only. */
								 .allow_plain_http = strncmp(setting_api_url, "http://", 7) == 0,
								 .connect_timeout_ms = setting_connect_timeout_ms,
								 .request_timeout_ms = setting_request_timeout_ms,
								 .max_response_size = (size_t) setting_max_response_size_kb * 1024};

	return options;
}

void
exchanges_open(void)
{
	HttpClientOptions options = options_of_settings();

	client = http_client_create(&options);
	if (client == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not start the HTTP client")));
}

void
exchanges_reconfigure(void)
{
	HttpClientOptions options = options_of_settings();

	(void) http_client_reconfigure(client, &options);
}

int
exchanges_descriptor(void)
{
	return http_client_descriptor(client);
}

TimestampTz
exchanges_next_time(TimestampTz now)
{
	long timeout_ms = http_client_timeout_ms(client);

	return timeout_ms >= 0 ? TimestampTzPlusMilliseconds(now, timeout_ms) : DT_NOEND;
}

HttpStart
exchanges_start(const HttpRequest *request)
{
	return http_client_start(client, request);
}

void
exchanges_progress(void)
{
	http_client_progress(client);
}

HttpExchange *
exchanges_take_finished(void)
{
	return http_client_take_finished(client);
}
