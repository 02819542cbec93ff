/* SPDX-License-Identifier: MIT */
/* Tables: calls and accounts, numbers, help. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "phone.h"

#define CELL "\x1f" /* between the cells of a row */

static const char *call_state(const struct phone_call *call, const struct tern_call_info *info)
{
    if (info->moving) return "moving";
    if (info->held_here && info->held_there) return "held by both";
    if (info->held_here) return "on hold";
    if (info->held_there) return "held by them";
    if (call->muted && info->state == TERN_CALL_ACTIVE) return "muted";
    return tern_call_state_name(info->state);
}

static void add_call(struct phone *phone, struct table *table, const struct phone_call *call)
{
    struct tern_call_info info;
    char clock[16] = "", local[TERN_ADDR_TEXT_MAX] = "", remote[TERN_ADDR_TEXT_MAX] = "";

    if (tern_call_get_info(phone->ep, call->handle, &info) < 0) return;
    if (info.answered != TERN_TIME_NEVER) text_clock(phone_now(phone) - info.answered, clock);
    if (info.local_media.family != TERN_FAMILY_NONE) tern_addr_print(info.local_media, local);
    if (info.remote_media.family != TERN_FAMILY_NONE) tern_addr_print(info.remote_media, remote);
    table_row(table,
              "%s" CELL "%u" CELL "%s" CELL "%s" CELL "%s" CELL "%s" CELL "%s" CELL "%s" CELL "%s",
              call == phone->foreground ? "*" : "", call->number, call->peer,
              call_state(call, &info), clock, tern_media_security_name(info.security),
              phone_codec_name(info.codec), local, remote);
}

static void add_account(struct phone *phone, struct table *table, size_t i)
{
    const struct phone_account *account = &phone->accounts[i];
    struct tern_account_info info;
    char place[PHONE_NAME_CAP], server[TERN_ADDR_TEXT_MAX] = "", expires[24] = "";

    if (tern_account_get_info(phone->ep, account->handle, &info) < 0) return;
    if (info.server.family != TERN_FAMILY_NONE) tern_addr_print(info.server, server);
    if (info.expires_s > 0) snprintf(expires, sizeof(expires), "%u s", info.expires_s);
    phone_place(phone, info.local, place);
    table_row(table, "%s" CELL "%zu" CELL "%s" CELL "%s" CELL "%s" CELL "%s" CELL "%s" CELL "%s",
              i == phone->account_used ? "*" : "", i + 1, account->name,
              tern_registration_state_name(info.state),
              info.local.family != TERN_FAMILY_NONE ? place : "",
              tern_transport_name(info.transport), server, expires);
}

static void json_list(struct phone *phone)
{
    struct tern_account_info account;
    struct tern_call_info info;
    struct json json;

    if (!phone_json(phone, "list", &json)) return;
    json_open_list(&json, "calls");
    for (size_t i = 0; i < PHONE_CALLS_MAX; i++) {
        const struct phone_call *call = &phone->calls[i];
        if (call->handle.id == 0) continue;
        if (tern_call_get_info(phone->ep, call->handle, &info) < 0) continue;
        json_open_item(&json);
        json_int(&json, "call", call->number);
        json_text(&json, "peer", call->peer);
        json_text(&json, "state", phone_call_key(info.state));
        json_bool(&json, "incoming", info.incoming);
        json_bool(&json, "foreground", call == phone->foreground);
        json_bool(&json, "held_here", info.held_here);
        json_bool(&json, "held_there", info.held_there);
        json_bool(&json, "muted", call->muted);
        json_bool(&json, "moving", info.moving);
        json_int(&json, "codec", info.codec);
        json_text(&json, "security", phone_security_key(info.security));
        json_close_in(&json);
    }
    json_close_list(&json);
    json_open_list(&json, "accounts");
    for (size_t i = 0; i < phone->account_count; i++) {
        if (tern_account_get_info(phone->ep, phone->accounts[i].handle, &account) < 0) continue;
        json_open_item(&json);
        json_text(&json, "account", phone->accounts[i].name);
        json_text(&json, "state", phone_registration_key(account.state));
        json_text(&json, "transport", tern_transport_name(account.transport));
        json_int(&json, "status", account.status);
        json_int(&json, "expires_s", account.expires_s);
        json_close_in(&json);
    }
    json_close_list(&json);
    json_close(&json);
}

/* A table is too large for the stack of a small system; nobody misses one that has no memory. */
struct table *phone_new_table(const char *titles)
{
    struct table *table = malloc(sizeof(*table));

    if (table != NULL) table_init(table, titles);
    return table;
}

void phone_show_table(struct phone *phone, struct table *table)
{
    /* Of all tables; what is least missed comes first. */
    static const char *const spare[] = {"SERVER",     "OVER",   "AUDIO TO",   "CODEC", "AUDIO FROM",
                                        "LOST THERE", "BUFFER", "PREFERENCE", NULL};

    if (table->rows > 1) phone_print_table(phone, table, spare);
    free(table);
}

void phone_show_list(struct phone *phone)
{
    struct table *table =
        phone_new_table("|>N|CALL|STATE|>TIME|SECURITY|CODEC|AUDIO FROM|AUDIO TO");

    json_list(phone);
    if (table == NULL) return;
    for (size_t i = 0; i < PHONE_CALLS_MAX; i++) {
        if (phone->calls[i].handle.id != 0) add_call(phone, table, &phone->calls[i]);
    }
    if (table->rows == 1) phone_answer(phone, "No calls.");
    phone_show_table(phone, table);
    table = phone_new_table("|>N|ACCOUNT|STATE|FROM|OVER|SERVER|>EXPIRES");
    if (table == NULL) return;
    for (size_t i = 0; i < phone->account_count; i++)
        add_account(phone, table, i);
    phone_show_table(phone, table);
}

/* ---- numbers ---- */

static void json_stats(struct phone *phone, const struct tern_stats *stats)
{
    struct tern_media_stats media;
    struct json json;

    if (!phone_json(phone, "stats", &json)) return;
    json_int(&json, "messages_in", (int64_t)stats->messages_in);
    json_int(&json, "messages_out", (int64_t)stats->messages_out);
    json_int(&json, "messages_dropped", (int64_t)stats->messages_dropped);
    json_int(&json, "retransmissions_out", (int64_t)stats->retransmissions_out);
    json_int(&json, "rtp_in", (int64_t)stats->rtp_in);
    json_int(&json, "rtp_out", (int64_t)stats->rtp_out);
    json_int(&json, "rtp_dropped", (int64_t)stats->rtp_dropped);
    json_int(&json, "ip_changes", (int64_t)stats->ip_changes);
    json_open_list(&json, "calls");
    for (size_t i = 0; i < PHONE_CALLS_MAX; i++) {
        const struct phone_call *call = &phone->calls[i];
        if (call->handle.id == 0) continue;
        if (tern_call_media_stats(phone->ep, call->handle, &media) < 0) continue;
        json_open_item(&json);
        json_int(&json, "call", call->number);
        json_int(&json, "packets_sent", (int64_t)media.packets_sent);
        json_int(&json, "packets_received", (int64_t)media.packets_received);
        json_int(&json, "packets_lost", (int64_t)media.packets_lost);
        json_int(&json, "packets_late", (int64_t)media.packets_late);
        json_int(&json, "frames_concealed", (int64_t)media.frames_concealed);
        json_int(&json, "jitter_us", media.jitter_us);
        json_int(&json, "jitter_buffer_us", media.jitter_buffer_us);
        json_int(&json, "round_trip_us", media.round_trip_us);
        json_int(&json, "remote_lost", media.remote_lost);
        json_int(&json, "source_switches", media.source_switches);
        json_close_in(&json);
    }
    json_close_list(&json);
    json_close(&json);
}

static void add_media(struct phone *phone, struct table *table, const struct phone_call *call)
{
    struct tern_media_stats media;
    char jitter[24], depth[24], round_trip[24] = "unknown";

    if (tern_call_media_stats(phone->ep, call->handle, &media) < 0) return;
    if (media.round_trip_us > 0) text_span(media.round_trip_us, round_trip);
    table_row(table,
              "%u" CELL "%" PRIu64 CELL "%" PRIu64 CELL "%" PRIu64 CELL "%u" CELL "%s" CELL
              "%s" CELL "%s",
              call->number, media.packets_sent, media.packets_received, media.packets_lost,
              media.remote_lost, text_span(media.jitter_us, jitter),
              text_span(media.jitter_buffer_us, depth), round_trip);
}

void phone_show_stats(struct phone *phone)
{
    struct table *table =
        phone_new_table(">CALL|>SENT|>RECEIVED|>LOST|>LOST THERE|>JITTER|>BUFFER|>ROUND TRIP");
    struct tern_stats stats;

    tern_get_stats(phone->ep, &stats);
    json_stats(phone, &stats);
    if (table == NULL) return;
    for (size_t i = 0; i < PHONE_CALLS_MAX; i++) {
        if (phone->calls[i].handle.id != 0) add_media(phone, table, &phone->calls[i]);
    }
    phone_show_table(phone, table);
    phone_answer(phone,
                 "SIP: %" PRIu64 " messages in, %" PRIu64 " out (%" PRIu64
                 " of them again), %" PRIu64 " dropped.",
                 stats.messages_in, stats.messages_out, stats.retransmissions_out,
                 stats.messages_dropped);
    phone_answer(phone,
                 "RTP: %" PRIu64 " packets in, %" PRIu64 " out, %" PRIu64 " dropped. IP changes: "
                 "%" PRIu64 ".",
                 stats.rtp_in, stats.rtp_out, stats.rtp_dropped, stats.ip_changes);
}

/* ---- help ---- */

static void help_one(struct phone *phone, const struct phone_verb_info *v)
{
    char alias[32] = "";

    if (v->alias != NULL) snprintf(alias, sizeof(alias), " (or %s)", v->alias);
    phone_answer(phone, "%s%s%s%s: %s", v->name, v->usage[0] != '\0' ? " " : "", v->usage, alias,
                 v->summary);
    if (v->help != NULL) phone_answer(phone, "%s", v->help);
}

void phone_show_help(struct phone *phone, const char *topic)
{
    const struct phone_verb_info *v = topic[0] != '\0' ? phone_find_verb(topic) : NULL;
    struct table *table;
    char name[64];

    if (v != NULL) {
        help_one(phone, v);
        return;
    }
    if (topic[0] != '\0') {
        phone_error(phone, "There is no command '%s'; 'help' lists them.",
                    text_clean(text_str(topic), name, sizeof(name)));
        return;
    }
    table = phone_new_table("COMMAND|WHAT IT DOES");
    if (table == NULL) return;
    for (size_t i = 0; i < phone_verb_count; i++) {
        v = &phone_verbs[i];
        bool fits = strlen(v->usage) <= 12;
        table_row(table, "%s %s" CELL "%s", v->name, fits ? v->usage : "...", v->summary);
    }
    phone_show_table(phone, table);
    phone_answer(phone, "Commands may be shortened; 'help COMMAND' says more.");
}
