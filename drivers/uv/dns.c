/* SPDX-License-Identifier: MIT */
/*
 * Names: A, AAAA and SRV through c-ares, which never blocks and honours /etc/hosts. The name
 * servers belong to a network, so after a change of it, or of resolv.conf, c-ares starts afresh and
 * what was on its way is asked again.
 */
#define CARES_NO_DEPRECATED
#include "driver.h"

#include <ares.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "dns_link.h"
#include "sockaddr.h"
#include "srv.h"

#define RESOLV_CONF  "/etc/resolv.conf"
#define DNS_CLASS_IN 1
#define LOCAL_TTL    60 /* /etc/hosts does not say */

struct query {
    struct query *next, **prev; /* in dns->queries */
    struct tern_uv *uv;
    uint32_t id;
    uint16_t type;
    char name[TN_UV_NAME_MAX];
};

/* A socket of c-ares. */
struct lane {
    struct lane *next;
    struct tn_uv_dns *dns;
    struct tn_uv_watch *watch;
    ares_socket_t fd;
};

struct tn_uv_dns {
    struct tern_uv *uv;
    ares_channel channel; /* NULL: could not be made; tried again with each query */
    uv_timer_t timer;
    struct query *queries;
    unsigned query_count;
    struct lane *lanes;
    struct timespec conf_time; /* resolv.conf, when the channel was made */
    bool restarting;           /* queries that end now are asked again */
    char *servers;
};

/* ---- sockets and timeouts ---- */

static void rearm(struct tn_uv_dns *dns);

static void lane_ready(void *owner, int events)
{
    struct lane *lane = owner;
    struct tn_uv_dns *dns = lane->dns;
    ares_socket_t fd = lane->fd;

    ares_process_fd(dns->channel, events & UV_READABLE ? fd : ARES_SOCKET_BAD,
                    events & UV_WRITABLE ? fd : ARES_SOCKET_BAD);
    rearm(dns);
}

static struct lane *open_lane(struct tn_uv_dns *dns, ares_socket_t fd)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (!lane) return NULL;
    lane->dns = dns;
    lane->fd = fd;
    lane->watch = tn_uv_watch_new_borrowed(dns->uv, fd, lane_ready, lane);
    if (!lane->watch) {
        free(lane);
        return NULL;
    }
    lane->next = dns->lanes;
    dns->lanes = lane;
    return lane;
}

/* c-ares says what it waits for; a socket that it waits for nothing on, it closes next. Without a
 * lane its time-out ends the query. */
static void socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
    struct tn_uv_dns *dns = data;
    struct lane **at = &dns->lanes;

    while (*at && (*at)->fd != fd) {
        at = &(*at)->next;
    }
    struct lane *lane = *at;
    if (readable || writable) {
        if (!lane) lane = open_lane(dns, fd);
        if (!lane) return;
        tn_uv_watch_set(lane->watch, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
    } else if (lane) {
        *at = lane->next;
        tn_uv_watch_free(lane->watch);
        free(lane);
    }
}

static void timed_out(uv_timer_t *timer)
{
    struct tn_uv_dns *dns = timer->data;

    ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    rearm(dns);
}

static void rearm(struct tn_uv_dns *dns)
{
    struct timeval room, *wait = dns->channel ? ares_timeout(dns->channel, NULL, &room) : NULL;

    if (!wait) {
        uv_timer_stop(&dns->timer);
        return;
    }
    uint64_t wait_ms = (uint64_t)wait->tv_sec * 1000 + (uint64_t)wait->tv_usec / 1000 + 1;
    (void)uv_timer_start(&dns->timer, timed_out, wait_ms, 0);
}

/* ---- answers ---- */

static void unlink_query(struct query *query)
{
    *query->prev = query->next;
    if (query->next) query->next->prev = query->prev;
    query->uv->dns->query_count--;
}

static void answer(struct query *query, const struct tern_dns_record *records, size_t count,
                   bool failed)
{
    struct tern_uv *uv = query->uv;

    unlink_query(query);
    tern_resolved(uv->ep, tn_uv_clock(), query->id, records, count, failed);
    free(query);
}

/* @return whether that was the end of it: answered, to be asked again, or nobody cares. */
static bool ended(struct query *query, int status)
{
    struct tern_uv *uv = query->uv;

    if (status == ARES_EDESTRUCTION) {
        if (uv->dns->restarting) return true;
        unlink_query(query);
        free(query);
        return true;
    }
    if (status == ARES_SUCCESS) return false;
    answer(query, NULL, 0, status != ARES_ENODATA && status != ARES_ENOTFOUND);
    return true;
}

static void got_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct query *query = arg;
    struct tern_dns_record records[TN_UV_RECORDS_MAX];
    size_t count = 0;

    (void)timeouts;
    if (ended(query, status)) {
        if (info) ares_freeaddrinfo(info);
        return;
    }
    memset(records, 0, sizeof(records));
    for (struct ares_addrinfo_node *n = info->nodes; n && count < TN_UV_RECORDS_MAX;
         n = n->ai_next) {
        union tn_uv_sockaddr address;
        if (n->ai_addrlen > sizeof(address)) continue;
        memset(&address, 0, sizeof(address));
        memcpy(&address, n->ai_addr, n->ai_addrlen);
        records[count].type = query->type;
        records[count].ttl_s = n->ai_ttl > 0 ? (uint32_t)n->ai_ttl : LOCAL_TTL;
        records[count].addr = tn_uv_addr_from(&address);
        count++;
    }
    answer(query, records, count, false);
    ares_freeaddrinfo(info);
}

static void got_services(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
    struct query *query = arg;
    struct tern_dns_record records[TN_UV_RECORDS_MAX];

    (void)timeouts;
    if (ended(query, status)) return;
    struct tn_uv_srv *services = calloc(TN_UV_RECORDS_MAX, sizeof(*services));
    int count = services
                    ? tn_uv_srv_parse(bytes, (size_t)len, query->type, services, TN_UV_RECORDS_MAX)
                    : TERN_ENOMEM;
    for (int i = 0; i < count; i++) {
        records[i] = services[i].record;
    }
    answer(query, records, count > 0 ? (size_t)count : 0, count < 0);
    free(services);
}

/* ---- questions ---- */

static bool is_service(uint16_t type)
{
    return type == TERN_DNS_SRV || type == TERN_DNS_NAPTR;
}

/* RFC 6761 6.3: no server is asked for "localhost" and what ends in it. c-ares would know it too, but
 * loses memory over an AAAA of it (1.18.1). */
static bool is_localhost(tern_str name)
{
    const size_t len = sizeof("localhost") - 1;

    if (name.len > 0 && name.ptr[name.len - 1] == '.') name.len--;
    if (name.len < len || strncasecmp(name.ptr + name.len - len, "localhost", len) != 0)
        return false;
    return name.len == len || name.ptr[name.len - len - 1] == '.';
}

static void answer_localhost(struct tern_uv *uv, const struct tern_output *out)
{
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    struct tern_dns_record record = {.type = out->dns_type, .ttl_s = LOCAL_TTL};

    record.addr = out->dns_type == TERN_DNS_AAAA ? tn_uv_addr_in6(&in6addr_loopback, 0, 0)
                                                 : tn_uv_addr_in(loopback, 0);
    tern_resolved(uv->ep, tn_uv_clock(), out->id, &record, !is_service(out->dns_type), false);
}

/* May answer at once, from /etc/hosts. */
static void ask(struct tn_uv_dns *dns, struct query *query)
{
    if (!dns->channel) {
        answer(query, NULL, 0, true);
        return;
    }
    if (is_service(query->type)) {
        ares_query(dns->channel, query->name, DNS_CLASS_IN, query->type, got_services, query);
        return;
    }
    struct ares_addrinfo_hints hints = {
        .ai_flags = ARES_AI_NOSORT,
        .ai_family = query->type == TERN_DNS_AAAA ? AF_INET6 : AF_INET,
        .ai_socktype = SOCK_DGRAM,
    };
    ares_getaddrinfo(dns->channel, query->name, NULL, &hints, got_addresses, query);
}

static struct timespec conf_time(void)
{
    struct stat state;

    if (stat(RESOLV_CONF, &state) != 0) return (struct timespec){0};
    return state.st_mtim;
}

/* @return 0, TERN_EINVAL for the list of servers, or TERN_ENOMEM. */
static int open_channel(struct tn_uv_dns *dns)
{
    char lookups[] = "fb"; /* files, then DNS */
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH, /* SIP domains are complete names */
        .timeout = TN_UV_DNS_TIMEOUT_MS,
        .tries = TN_UV_DNS_TRIES,
        .lookups = lookups,
        .sock_state_cb = socket_state,
        .sock_state_cb_data = dns,
    };
    const int set = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                    ARES_OPT_SOCK_STATE_CB;

    dns->conf_time = conf_time();
    if (ares_init_options(&dns->channel, &options, set) != ARES_SUCCESS) {
        dns->channel = NULL;
        return TERN_ENOMEM;
    }
    tn_uv_dns_choose_links(dns->uv, dns->channel);
    if (dns->servers && ares_set_servers_ports_csv(dns->channel, dns->servers) != ARES_SUCCESS) {
        return TERN_EINVAL;
    }
    return 0;
}

static void close_channel(struct tn_uv_dns *dns)
{
    if (dns->channel) ares_destroy(dns->channel);
    dns->channel = NULL;
}

void tn_uv_dns_reset(struct tern_uv *uv)
{
    struct tn_uv_dns *dns = uv->dns;
    struct query *query;

    dns->restarting = true;
    close_channel(dns);
    dns->restarting = false;
    if (open_channel(dns) != 0) close_channel(dns);
    query = dns->queries;
    while (query) {
        struct query *next = query->next; /* those added meanwhile come in front */
        ask(dns, query);
        query = next;
    }
    rearm(dns);
}

static bool outdated(const struct tn_uv_dns *dns)
{
    struct timespec now = conf_time();

    if (!dns->channel) return true;
    return now.tv_sec != dns->conf_time.tv_sec || now.tv_nsec != dns->conf_time.tv_nsec;
}

void tn_uv_dns_resolve(struct tern_uv *uv, const struct tern_output *out)
{
    struct tn_uv_dns *dns = uv->dns;
    struct query *query = NULL;
    bool known =
        out->dns_type == TERN_DNS_A || out->dns_type == TERN_DNS_AAAA || is_service(out->dns_type);

    if (known && is_localhost(out->data)) {
        answer_localhost(uv, out);
        return;
    }
    if (outdated(dns)) tn_uv_dns_reset(uv);
    if (known && out->data.len < TN_UV_NAME_MAX && dns->query_count < TN_UV_QUERIES_MAX) {
        query = calloc(1, sizeof(*query));
    }
    if (!query) {
        tern_resolved(uv->ep, tn_uv_clock(), out->id, NULL, 0, true);
        return;
    }
    query->uv = uv;
    query->id = out->id;
    query->type = out->dns_type;
    memcpy(query->name, out->data.ptr, out->data.len);
    query->next = dns->queries;
    query->prev = &dns->queries;
    if (query->next) query->next->prev = &query->next;
    dns->queries = query;
    dns->query_count++;
    ask(dns, query);
    rearm(dns);
}

/* ---- life ---- */

static uv_once_t library_once = UV_ONCE_INIT;

static void init_library(void)
{
    (void)ares_library_init(ARES_LIB_INIT_ALL);
}

int tn_uv_dns_init(struct tern_uv *uv, tern_str servers)
{
    struct tn_uv_dns *dns = calloc(1, sizeof(*dns));

    uv_once(&library_once, init_library);
    if (!dns) return TERN_ENOMEM;
    dns->uv = uv;
    uv_timer_init(uv->loop, &dns->timer);
    dns->timer.data = dns;
    tn_uv_handle_opened(uv);
    uv->dns = dns;
    if (servers.len > 0) {
        dns->servers = calloc(1, servers.len + 1);
        if (!dns->servers) return TERN_ENOMEM;
        memcpy(dns->servers, servers.ptr, servers.len);
    }
    return open_channel(dns);
}

static void closed(uv_handle_t *handle)
{
    struct tn_uv_dns *dns = handle->data;
    struct tern_uv *uv = dns->uv;

    free(dns->servers);
    free(dns);
    tn_uv_handle_closed(uv);
}

void tn_uv_dns_fini(struct tern_uv *uv)
{
    if (!uv->dns) return;
    close_channel(uv->dns);
    uv_close((uv_handle_t *)&uv->dns->timer, closed);
    uv->dns = NULL;
}
