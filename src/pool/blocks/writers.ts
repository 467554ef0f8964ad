import { StateError } from '../../errors.js'
import type { ThreadId, WriterId } from '../../ids.js'

/*
 * Every writer of blocks has a number; the ids of its blocks and segments begin with it (see ids.ts). No number is used
 * twice in a process, so the number of a thread is also its epoch. Each kind of writer has a range of its own:
 *
 *   0                  the driver
 *   1 .. 2^20-1        threads, in the order of their start
 *   2^20 .. 2^21-1     receivers, in the order of their start
 *   2^21 .. 2^22-1     copies of blocks, which threads write: 2^21 plus the thread's number
 */

/** The driver's number as a writer of blocks. */
export const DRIVER = 0 as WriterId

const FIRST_RECEIVER = 2 ** 20
const FIRST_COPIES = 2 ** 21

/** The first number that no writer has. */
export const WRITERS_END = 2 ** 22

let threads: number = DRIVER
let receivers = FIRST_RECEIVER - 1

/** Returns the number of one more thread. */
export function nextThread(): ThreadId {
  if (threads === FIRST_RECEIVER - 1)
    throw new StateError(`This process has started ${threads} threads, which is the most. Restart it.`)
  return ++threads as ThreadId
}

/** Whether the writer is a thread: only threads are sent ownership updates. */
export function isThread(writer: WriterId): writer is ThreadId {
  return writer > DRIVER && writer < FIRST_RECEIVER
}

/** Returns the number under which a thread writes copies of blocks. */
export function copyWriterOf(thread: ThreadId): WriterId {
  return (FIRST_COPIES + thread) as WriterId
}

/** Returns the number of one more receiver. */
export function nextReceiver(): WriterId {
  if (receivers === FIRST_COPIES - 1)
    throw new StateError(`This process has started ${FIRST_RECEIVER} receivers, which is the most. Restart it.`)
  return ++receivers as WriterId
}
