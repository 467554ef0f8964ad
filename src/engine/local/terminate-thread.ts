import { StateError } from '../../errors.js'
import type { ThreadPool } from '../../pool/thread-pool.js'

/** Kills the worker thread in a slot, as if it had crashed. Resolves when it has exited. */
export async function terminateThread(pool: ThreadPool | undefined, slot: number): Promise<void> {
  const ready = pool?.ready() ?? []
  const thread = ready.find((candidate) => candidate.slot === slot)
  if (!thread) {
    const slots = ready.map((candidate) => candidate.slot)
    throw new StateError(`There is no thread in slot ${slot}. Slots with a thread: ${slots.join(', ') || 'none'}.`, {
      slot,
      slots,
    })
  }
  void thread.worker.terminate()
  await thread.gone
}
