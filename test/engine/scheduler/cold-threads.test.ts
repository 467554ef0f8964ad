import { expect, test } from 'vitest'
import { ColdThreads } from '#build/engine/scheduler/copies/cold-threads.js'
import { CopyPolicy } from '#build/engine/scheduler/copies/repeatable.js'
import type { Attempt } from '#build/engine/scheduler/task.js'
import { ThreadTable } from '#build/engine/scheduler/thread-table.js'

const [COLD, WARM, HELPER] = [1, 2, 3]
const PROGRAM = 7

interface Change {
  readonly task?: object
  readonly sink?: object
  readonly steps?: object[]
  readonly states?: object[]
}

/** A cold thread and two warm ones, one of which runs an attempt while the third is idle. */
function running(thread: number, { task, sink, steps, states }: Change = {}) {
  const threads = new ThreadTable()
  for (const [slot, id] of [COLD, WARM, HELPER].entries()) threads.place(id, slot)
  const policy = new CopyPolicy('all', () => {
    throw new Error('Nothing to look up.')
  })
  const cold = new ColdThreads(threads, policy)
  cold.add(COLD)
  const attempt = {
    task: { settled: false, live: 1, ...task },
    planned: {
      states: states ?? [],
      program: { plan: { op: 'chain', steps: steps ?? [] }, sink: sink ?? { op: 'count' } },
    },
    program: PROGRAM,
  } as unknown as Attempt
  threads.get(thread)!.messages.push([attempt])
  return { cold, isCopied: () => cold.next(threads.get(HELPER)!) === attempt.task }
}

test.each<[string, number, Change, boolean]>([
  ['a task of a cold thread', COLD, {}, true],
  ['not of a warm one', WARM, {}, false],
  ['not a second time', COLD, { task: { live: 2 } }, false],
  ['not once it is settled', COLD, { task: { settled: true } }, false],
  ['not with state', COLD, { states: [{}] }, false],
  ['not with side effects', COLD, { sink: { op: 'apply' } }, false],
  ['not if it awaits calls', COLD, { steps: [{ op: 'map' }, { op: 'mapAsync' }] }, false],
])('what is copied: %s', (_, thread, change, expected) => {
  expect(running(thread, change).isCopied()).toBe(expected)
})

test('a cold thread copies nothing', () => {
  const { cold, isCopied } = running(COLD)
  cold.add(HELPER)
  expect(isCopied()).toBe(false)
})

test('nothing is copied once the cold thread has run the program four times, or is dead', () => {
  const warming = running(COLD)
  for (let i = 0; i < 4; i++) {
    expect(warming.isCopied()).toBe(true)
    warming.cold.ran(COLD, PROGRAM)
  }
  expect(warming.isCopied()).toBe(false)
  const dead = running(COLD)
  dead.cold.forgetThread(COLD)
  expect(dead.isCopied()).toBe(false)
})

test('nothing is copied after 200 tasks of any programs', () => {
  const { cold, isCopied } = running(COLD)
  for (let program = 1000; program < 1200; program++) cold.ran(COLD, program)
  expect(isCopied()).toBe(false)
})
