// SPDX-License-Identifier: GPL-2.0
/*
 * What fork.c does on the machine: a process a copy, with the guest's memory in a file of its own.
 *
 * An order is a line of four fields, between which there are tabs: the core of the machine on which
 * the copy is to run, the file that is its console, the one that is its standard input, and the
 * text that it reads. When no more orders can come this ends as soon as all copies have.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <os.h>

#define LINE 8192
#define MOST 4096
#define DESCRIPTORS 1024

const char *os_memory_folder(void);
int os_fork_guest(int memory, unsigned long from, unsigned long reserved,
		  unsigned long long size, const char **text);

static char line[LINE];
static pid_t copies[MOST];

static void fail(const char *what)
{
	const char *why = strerror(errno);
	struct { const char *said; } parts[] = { { "fork: " }, { what }, { ": " }, { why }, { "\n" } };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (write(2, parts[i].said, strlen(parts[i].said)) < 0)
			break;
	_exit(1);
}

/* Whether there is another order. */
static int next_order(void)
{
	size_t length = 0;

	while (length < LINE - 1) {
		ssize_t got = read(0, line + length, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		if (line[length] == '\n') {
			line[length] = 0;
			return 1;
		}
		length++;
	}
	errno = EMSGSIZE;
	fail("an order");
	return 0;
}

static int opened(const char *path, int flags)
{
	/* a pipe that nobody writes to yet must not keep us */
	int fd = open(path, flags | O_NONBLOCK);

	if (fd < 0 || fcntl(fd, F_SETFL, flags & O_APPEND) < 0)
		fail(path);
	return fd;
}

/* Of the console the kernel has descriptors of its own. */
static void write_to(const char *path)
{
	int fd, to = opened(path, O_WRONLY | O_APPEND);
	struct stat console, other;

	if (fstat(1, &console) < 0)
		fail("the console");
	for (fd = 1; fd < DESCRIPTORS; fd++) {
		if (fd == to || fstat(fd, &other) < 0)
			continue;
		if (other.st_dev == console.st_dev && other.st_ino == console.st_ino)
			dup2(to, fd);
	}
	close(to);
}

static void read_from(const char *path)
{
	int from = opened(path, O_RDONLY);

	dup2(from, 0);
	close(from);
}

static void keep_to(int core)
{
	cpu_set_t cores;

	if (core < 0)
		return;
	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	/*
	 * A core that was taken away meanwhile: then any. Not by the C library's function, since the
	 * kernel that this is linked into has one of that name.
	 */
	syscall(__NR_sched_setaffinity, 0, sizeof(cores), &cores);
}

/* A nameless file, where the guest's own memory is. */
static int memory_file(unsigned long long size)
{
	const char *folder = os_memory_folder();
	int fd = open(folder, O_CLOEXEC | O_RDWR | O_EXCL | O_TMPFILE, 0700);

	if (fd < 0 && (errno == EINVAL || errno == EISDIR || errno == EOPNOTSUPP)) {
		static char path[LINE];

		if (snprintf(path, sizeof(path), "%s/vm_file-XXXXXX", folder) >= (int) sizeof(path))
			errno = ENAMETOOLONG;
		else if ((fd = mkstemp(path)) >= 0)
			unlink(path);
	}
	if (fd < 0 || ftruncate64(fd, size) < 0)
		fail(folder);
	return fd;
}

/* All of a file that was ever written to. */
static void copy(int from, int to, unsigned long long size)
{
	char *source = mmap(NULL, size, PROT_READ, MAP_SHARED, from, 0);
	off64_t at = 0, end;

	if (source == MAP_FAILED)
		fail("reading the guest's memory");
	while ((at = lseek64(from, at, SEEK_DATA)) >= 0) {
		end = lseek64(from, at, SEEK_HOLE);
		if (end < 0)
			fail("reading the guest's memory");
		while (at < end) {
			ssize_t done = pwrite64(to, source + at, end - at, at);

			if (done < 0 && errno == EINTR)
				continue;
			if (done <= 0)
				fail("writing a guest's memory");
			at += done;
		}
	}
	if (errno != ENXIO)
		fail("reading the guest's memory");
	munmap(source, size);
}

/* Tell who waits for a copy that there is none; the others go on. */
static void refuse(void)
{
	const char *why = strerror(errno);
	char *console = strchr(line, '\t'), *end = console ? strchr(++console, '\t') : NULL;
	int to;

	if (!end)
		return;
	*end = 0;
	to = open(console, O_WRONLY | O_NONBLOCK);
	if (to >= 0 && write(to, why, strlen(why)) >= 0)
		close(to);
}

static void become(pid_t server, int memory, unsigned long from, unsigned long reserved,
		   unsigned long long size, const char **text)
{
	char *console = strchr(line, '\t'), *input, *rest;
	int own;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != server) /* it is gone already, and no signal will come */
		_exit(1);
	errno = EINVAL;
	if (!console)
		fail("an order");
	*console++ = 0;
	input = strchr(console, '\t');
	if (!input)
		fail("an order");
	*input++ = 0;
	rest = strchr(input, '\t');
	if (!rest)
		fail("an order");
	*rest++ = 0;
	*text = rest;
	write_to(console);
	read_from(input);
	keep_to(atoi(line));
	own = memory_file(size);
	copy(memory, own, size);
	if (mmap64((void *) (from + reserved), size - reserved, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_SHARED | MAP_FIXED, own, reserved) == MAP_FAILED)
		fail("mapping a guest's memory");
	if (dup2(own, memory) < 0)
		fail("a guest's memory");
	close(own);
	os_set_exec_close(memory);
}

/* Returns in each copy, with 0; where it began it does not return. */
int os_fork_guest(int memory, unsigned long from, unsigned long reserved,
		  unsigned long long size, const char **text)
{
	sigset_t all, before;
	pid_t server = getpid();
	int count = 0, i;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	while (next_order()) {
		pid_t copy;

		errno = EAGAIN;
		copy = count < MOST ? fork() : -1;
		if (copy < 0) {
			refuse();
			continue;
		}
		if (copy == 0) {
			become(server, memory, from, reserved, size, text);
			sigprocmask(SIG_SETMASK, &before, NULL);
			return 0;
		}
		copies[count++] = copy;
		for (i = 0; i < count; i++)
			if (copies[i] && waitpid(copies[i], NULL, WNOHANG) == copies[i])
				copies[i] = 0;
	}
	for (i = 0; i < count; i++)
		while (copies[i] && waitpid(copies[i], NULL, 0) < 0 && errno == EINTR)
			;
	_exit(0);
}
