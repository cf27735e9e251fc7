/* Loaded before a router's BIRD: its clock, and its chance.
 *
 * BIRD counts OSPF's timers in whole seconds and takes in changes once a second. Routers do so ten
 * times as fast and more. So the clock by which BIRD counts runs GIAOBAN_CLOCK times as fast as the
 * network's, and its waits are as many times shorter. Real time (of its log) stays.
 *
 * It begins at GIAOBAN_BEGIN_NS of the network's, however long the process took to start.
 *
 * What BIRD draws by chance (the jitter of its timers) comes from GIAOBAN_SEED: the same run, the
 * same packets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static long long factor = 1, origin_ns;
static uint64_t chance;

static long long now_ns(void)
{
  struct timespec t;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

__attribute__((constructor)) static void begin(void)
{
  const char *clock = getenv("GIAOBAN_CLOCK"), *seed = getenv("GIAOBAN_SEED");
  const char *begin_ns = getenv("GIAOBAN_BEGIN_NS");
  if (clock)
    factor = atoll(clock);
  if (seed)
    chance = strtoull(seed, NULL, 10);
  origin_ns = now_ns();
  if (begin_ns && atoll(begin_ns) > origin_ns) {
    origin_ns = atoll(begin_ns);
    struct timespec until = { origin_ns / SECOND, origin_ns % SECOND };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
      ;
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

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint64_t draw(void)
{
  uint64_t z = chance += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
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
