/*
 * A floor participant by libre's BFCP (RFC 8855 over UDP): says on standard output what comes, one
 * JSON object a line, and sends what it is told on standard input:
 *
 *   hello | query | request FLOOR | release REQUEST | goodbye
 *
 * usage: bfcp_client HOST PORT CONFERENCE USER
 */
#define HAVE_INTTYPES_H /* re.h asks for it */
#define HAVE_STDBOOL_H
#include <re.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bfcp_conn *conn;
static struct sa server;
static uint32_t conference;
static uint16_t user;

static bool tell_request(const struct bfcp_attr *attr, void *arg)
{
	const struct bfcp_attr *overall, *status;
	(void)arg;

	if (attr->type != BFCP_FLOOR_REQ_INFO)
		return false;
	overall = bfcp_attr_subattr(attr, BFCP_OVERALL_REQ_STATUS);
	status = overall ? bfcp_attr_subattr(overall, BFCP_REQUEST_STATUS) : NULL;
	printf(", \"request\": %u", attr->v.floorreqid);
	if (status)
		printf(", \"status\": \"%s\", \"position\": %u",
		       bfcp_reqstatus_name(status->v.reqstatus.status),
		       status->v.reqstatus.qpos);
	return true;
}

static void tell(const struct bfcp_msg *msg)
{
	const struct bfcp_attr *error = bfcp_msg_attr(msg, BFCP_ERROR_CODE);

	printf("{\"is\": \"%s\", \"user\": %u", bfcp_prim_name(msg->prim), msg->userid);
	(void)bfcp_msg_attr_apply(msg, tell_request, NULL);
	if (error)
		printf(", \"error\": %u", error->v.errcode.code);
	printf("}\n");
	fflush(stdout);
}

/* What the server says by itself. */
static void received(const struct bfcp_msg *msg, void *arg)
{
	(void)arg;
	tell(msg);
	if (msg->prim == BFCP_FLOOR_REQUEST_STATUS)
		(void)bfcp_reply(conn, msg, BFCP_FLOOR_REQ_STATUS_ACK, 0);
	else if (msg->prim == BFCP_FLOOR_STATUS)
		(void)bfcp_reply(conn, msg, BFCP_FLOOR_STATUS_ACK, 0);
}

static void answered(int err, const struct bfcp_msg *msg, void *arg)
{
	(void)arg;
	if (err)
		printf("{\"is\": \"no answer\", \"error\": %d}\n", err);
	else
		tell(msg);
	fflush(stdout);
}

static void ask(int flags, void *arg)
{
	char line[64], word[32];
	unsigned number = 0;
	uint16_t id;
	int err = 0;
	(void)flags;
	(void)arg;

	if (!fgets(line, sizeof(line), stdin) || sscanf(line, "%31s %u", word, &number) < 1) {
		re_cancel();
		return;
	}
	id = (uint16_t)number;
	if (!strcmp(word, "hello"))
		err = bfcp_request(conn, &server, BFCP_VER2, BFCP_HELLO, conference, user,
				   answered, NULL, 0);
	else if (!strcmp(word, "query"))
		err = bfcp_request(conn, &server, BFCP_VER2, BFCP_FLOOR_QUERY, conference, user,
				   answered, NULL, 1, BFCP_FLOOR_ID | BFCP_MANDATORY, 0, &id);
	else if (!strcmp(word, "request"))
		err = bfcp_request(conn, &server, BFCP_VER2, BFCP_FLOOR_REQUEST, conference, user,
				   answered, NULL, 1, BFCP_FLOOR_ID | BFCP_MANDATORY, 0, &id);
	else if (!strcmp(word, "release"))
		err = bfcp_request(conn, &server, BFCP_VER2, BFCP_FLOOR_RELEASE, conference, user,
				   answered, NULL, 1, BFCP_FLOOR_REQUEST_ID | BFCP_MANDATORY, 0,
				   &id);
	else if (!strcmp(word, "goodbye"))
		err = bfcp_request(conn, &server, BFCP_VER2, BFCP_GOODBYE, conference, user,
				   answered, NULL, 0);
	if (err) {
		fprintf(stderr, "%s: %s\n", word, strerror(err));
		re_cancel();
	}
}

int main(int argc, char *argv[])
{
	struct sa local;
	int err;

	if (argc != 5)
		return 2;
	setvbuf(stdin, NULL, _IONBF, 0);
	conference = (uint32_t)strtoul(argv[3], NULL, 10);
	user = (uint16_t)strtoul(argv[4], NULL, 10);
	err = libre_init();
	err = err ? err : sa_set_str(&server, argv[1], (uint16_t)atoi(argv[2]));
	err = err ? err : sa_set_str(&local, argv[1], 0);
	err = err ? err : bfcp_listen(&conn, BFCP_UDP, &local, NULL, received, NULL);
	err = err ? err : fd_listen(0, FD_READ, ask, NULL);
	err = err ? err : re_main(NULL);
	if (err)
		fprintf(stderr, "%s\n", strerror(err));
	mem_deref(conn);
	libre_close();
	return err ? 1 : 0;
}
