/* Preloaded into the BIRD of a router: its end, its clock, its routes and its random numbers.
 *
 * The process is killed when GIAOBAN_PARENT ends. It asks for that itself: a function between fork
 * and exec would make the parent copy its memory.
 *
 * BIRD counts OSPF's timers in whole seconds and takes in changes once a second. Routers do so ten
 * times as fast and more. So the clock by which BIRD counts runs GIAOBAN_CLOCK times as fast as the
 * network's, and its waits are as many times shorter. Real time (of its log) stays.
 *
 * It begins at GIAOBAN_BEGIN_NS of the network's, however long the process took to start.
 *
 * A router takes a while until the routes that it has computed are those by which it forwards. So
 * what BIRD tells the kernel of routes takes effect GIAOBAN_INSTALL_NS later (of the network's time),
 * while BIRD goes on: it is told to a table by which nobody forwards, whose answer BIRD gets, and
 * again in time to the table that BIRD meant. What is not told yet when a router dies never is.
 *
 * What BIRD draws by chance (the jitter of its timers) comes from GIAOBAN_SEED, whatever it seeds
 * random() with (the time of day, at last): the same run, the same packets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define NOWHERE 250 /* the table by which nobody forwards */

static long long factor = 1, origin_ns, install_ns;
static uint64_t chance;

static long long now_ns(void)
{
  struct timespec t;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static void sleep_until(long long at_ns)
{
  struct timespec until = { at_ns / SECOND, at_ns % SECOND };
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
    ;
}

static void end_with_parent(void)
{
  const char *parent = getenv("GIAOBAN_PARENT");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (parent && getppid() != atoi(parent)) { /* it has ended already, and no signal comes */
    fputs("the parent process has ended\n", stderr);
    _exit(1);
  }
}

__attribute__((constructor)) static void begin(void)
{
  end_with_parent();
  const char *clock = getenv("GIAOBAN_CLOCK"), *seed = getenv("GIAOBAN_SEED");
  const char *begin_ns = getenv("GIAOBAN_BEGIN_NS"), *install = getenv("GIAOBAN_INSTALL_NS");
  if (clock)
    factor = atoll(clock);
  if (seed)
    chance = strtoull(seed, NULL, 10);
  if (install)
    install_ns = atoll(install);
  origin_ns = now_ns();
  if (begin_ns && atoll(begin_ns) > origin_ns) {
    origin_ns = atoll(begin_ns);
    sleep_until(origin_ns);
  }
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
  if (clock != CLOCK_MONOTONIC)
    return syscall(SYS_clock_gettime, clock, t);
  long long at_ns = origin_ns + (now_ns() - origin_ns) * factor;
  t->tv_sec = at_ns / SECOND;
  t->tv_nsec = at_ns % SECOND;
  return 0;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
  if (timeout_ms < 0)
    return ppoll(fds, count, NULL, NULL);
  /* rounded up: who wakes too early only looks at the clock and waits again */
  long long wait_ns = (timeout_ms * 1000000LL + factor - 1) / factor;
  struct timespec wait = { wait_ns / SECOND, wait_ns % SECOND };
  return ppoll(fds, count, &wait, NULL);
}

/* Routes that wait to take effect, in order. */
struct waiting {
  struct waiting *next;
  long long at_ns;
  size_t length;
  struct nlmsghdr head;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t there_are = PTHREAD_COND_INITIALIZER;
static struct waiting *first, **last = &first;

static void tell_kernel(int fd, struct nlmsghdr *head, size_t length)
{
  struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
  char answer[4096];
  head->nlmsg_flags |= NLM_F_ACK;
  syscall(SYS_sendto, fd, head, length, 0, &kernel, sizeof kernel);
  ssize_t got = recv(fd, answer, sizeof answer, 0);
  const struct nlmsghdr *said = (const struct nlmsghdr *)answer;
  const struct nlmsgerr *error = NLMSG_DATA(said);
  if (got < (ssize_t)NLMSG_LENGTH(sizeof *error))
    fprintf(stderr, "<ERR> a route did not take effect: the kernel did not answer\n");
  else if (error->error && !(head->nlmsg_type == RTM_DELROUTE && error->error == -ESRCH))
    fprintf(stderr, "<ERR> a route did not take effect: %s\n", strerror(-error->error));
}

static void *install(void *nothing)
{
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  (void)nothing;
  for (;;) {
    pthread_mutex_lock(&lock);
    while (!first)
      pthread_cond_wait(&there_are, &lock);
    struct waiting *route = first;
    pthread_mutex_unlock(&lock);
    sleep_until(route->at_ns);
    tell_kernel(fd, &route->head, route->length);
    pthread_mutex_lock(&lock);
    first = route->next;
    if (!first)
      last = &first;
    pthread_mutex_unlock(&lock);
    free(route);
  }
  return NULL;
}

static void start_installing(void)
{
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all); /* signals are BIRD's */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&thread, NULL, install, NULL))
    abort();
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void put_off(const void *message, size_t length)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  struct waiting *route = malloc(sizeof *route - sizeof route->head + length);
  if (!route)
    abort();
  route->next = NULL;
  route->at_ns = now_ns() + install_ns;
  route->length = length;
  memcpy(&route->head, message, length);
  pthread_once(&once, start_installing);
  pthread_mutex_lock(&lock);
  *last = route;
  last = &route->next;
  pthread_cond_signal(&there_are);
  pthread_mutex_unlock(&lock);
}

ssize_t sendto(int fd, const void *message, size_t length, int flags,
               const struct sockaddr *to, socklen_t to_length)
{
  const struct nlmsghdr *head = message;
  if (install_ns && to && to->sa_family == AF_NETLINK &&
      length >= NLMSG_LENGTH(sizeof(struct rtmsg)) &&
      (head->nlmsg_type == RTM_NEWROUTE || head->nlmsg_type == RTM_DELROUTE)) {
    char elsewhere[length];
    put_off(message, length);
    memcpy(elsewhere, message, length);
    ((struct rtmsg *)NLMSG_DATA((struct nlmsghdr *)elsewhere))->rtm_table = NOWHERE;
    return syscall(SYS_sendto, fd, elsewhere, length, flags, to, to_length);
  }
  return syscall(SYS_sendto, fd, message, length, flags, to, to_length);
}

/* splitmix64 (Steele, Lea and Flood 2014); BFD draws in a thread of its own */
static uint64_t draw(void)
{
  uint64_t z = __atomic_add_fetch(&chance, 0x9e3779b97f4a7c15ULL, __ATOMIC_RELAXED);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

long random(void)
{
  return draw() >> 33;
}

ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
  (void)flags;
  for (size_t done = 0; done < length; done += sizeof(uint64_t)) {
    uint64_t drawn = draw();
    size_t left = length - done;
    memcpy((char *)buffer + done, &drawn, left < sizeof drawn ? left : sizeof drawn);
  }
  return length;
}
