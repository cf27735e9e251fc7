// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/fork: what this guest is so far, once more for each order.
 *
 * Reading it ends this guest as such: it goes no further, and for each line that comes on its
 * standard input a copy of it goes on, with memory of its own, from this read, which returns the
 * text of the line. Only in virtual time, which knows nothing of the machine's clocks.
 */

#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/mmu_context.h>
#include <asm/tlbflush.h>
#include <as-layout.h>
#include <kern_util.h>
#include <mem_user.h>
#include <os.h>
#include <skas.h>
#include <timetravel.h>

#define MOST 4096

extern unsigned long long physmem_size;
extern int os_fork_guest(int memory, unsigned long from, unsigned long reserved,
			 unsigned long long size, const char **text);

struct forking {
	int result;
	const char *text;
};

/* On the stack of the first thread, which is not in the guest's memory. */
static void fork_guest(void *arg)
{
	static const char *text;
	unsigned long long offset;
	int memory = phys_mapping(uml_to_phys((void *) uml_reserved), &offset);

	*(int *) arg = os_fork_guest(memory, uml_physmem, uml_reserved - uml_physmem,
				     physmem_size, &text);
	/* arg is in the copy's own memory by now */
	((struct forking *) arg)->text = text;
}

static int map_anew(pte_t *pte, unsigned long address, void *data)
{
	*pte = pte_mknewpage(*pte);
	return 0;
}

/* The copy's processes: the old ones' are their guest's, and map its memory. */
static void start_anew(struct mm_struct *mm)
{
	struct mm_id *id = &mm->context.id;

	block_signals_trace();
	id->pid = start_userspace(id->stack);
	unblock_signals_trace();
	if (id->pid < 0)
		panic("fork: no process for an address space: %d", id->pid);
	id->syscall_data_len = 0;
	unmap(id, 0, TASK_SIZE);
	apply_to_existing_page_range(mm, 0, TASK_SIZE, map_anew, NULL);
	flush_tlb_mm(mm);
}

static int start_all_anew(void)
{
	struct mm_struct **mms = kmalloc_array(MOST, sizeof(*mms), GFP_KERNEL);
	struct task_struct *process, *task;
	int count = 0, i;

	if (!mms)
		return -ENOMEM;
	read_lock(&tasklist_lock);
	for_each_process(process) {
		task = find_lock_task_mm(process);
		if (!task)
			continue;
		for (i = 0; i < count && mms[i] != task->mm; i++)
			;
		if (i == count && count < MOST) {
			mmget(task->mm);
			mms[count++] = task->mm;
		}
		task_unlock(task);
	}
	read_unlock(&tasklist_lock);
	if (count == MOST)
		panic("fork: too many processes");
	for (i = 0; i < count; i++) {
		start_anew(mms[i]);
		mmput(mms[i]);
	}
	kfree(mms);
	__switch_mm(&current->mm->context.id);
	return 0;
}

static ssize_t fork_read(struct file *file, char __user *buffer, size_t size, loff_t *at)
{
	struct forking forking = {};
	size_t length;

	if (*at)
		return 0;
	if (time_travel_mode != TT_MODE_INFCPU)
		return -EOPNOTSUPP;
	initial_thread_cb(fork_guest, &forking);
	if (forking.result)
		return forking.result;
	apply_to_existing_page_range(&init_mm, VMALLOC_START, VMALLOC_END - VMALLOC_START,
				     map_anew, NULL);
	flush_tlb_kernel_range(VMALLOC_START, VMALLOC_END);
	forking.result = start_all_anew();
	if (forking.result)
		return forking.result;
	length = strlen(forking.text);
	if (length > size)
		return -EMSGSIZE;
	if (copy_to_user(buffer, forking.text, length))
		return -EFAULT;
	*at = length;
	return length;
}

static const struct proc_ops fork_ops = {
	.proc_read = fork_read,
	.proc_lseek = noop_llseek,
};

static int __init make_proc_fork(void)
{
	proc_create("fork", 0400, NULL, &fork_ops);
	return 0;
}

__initcall(make_proc_fork);
