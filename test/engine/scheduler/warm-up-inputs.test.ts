import { describe, expect, test } from 'vitest'
import { Commands } from '#build/engine/scheduler/commands.js'
import { ColdThreads } from '#build/engine/scheduler/copies/cold-threads.js'
import { CopyPolicy } from '#build/engine/scheduler/copies/repeatable.js'
import { WarmUp } from '#build/engine/scheduler/copies/warm-up.js'
import type { Attempt } from '#build/engine/scheduler/task.js'
import { ThreadTable } from '#build/engine/scheduler/thread-table.js'
import type { Program } from '#build/ops/plan.js'

const MIB = 1024 * 1024
const SPARE = 3

/** WarmUp with a spare, and what it pins. */
function setUp({ spare = true } = {}) {
  const state = { looked: 0, outside: false, mayKeepInputs: true }
  const out = new Commands()
  const threads = new ThreadTable()
  if (spare) threads.place(SPARE, -1)
  const copyable = new CopyPolicy('all', () => {
    throw new Error('Nothing to look up.')
  })
  const policy = {
    allows: (number: number, program: Program) => {
      state.looked++
      return !state.outside && copyable.allows(number, program)
    },
  }
  const cold = new ColdThreads(threads, policy)
  cold.add(SPARE)
  const warmUp = new WarmUp(out, threads, cold, policy)
  const pins: number[] = []
  const told: unknown[] = []
  const collect = () => {
    for (const command of out.take()) {
      if (command.do === 'pin') pins.push(...command.attempt.pins.blocks)
      if (command.do === 'release') for (const id of command.attempt.pins.blocks) pins.splice(pins.indexOf(id), 1)
      if (command.do === 'emit') told.push(command.event.detail)
    }
  }
  const saw = (attempt: Attempt, runMs = 1) => warmUp.saw(attempt, runMs, state.mayKeepInputs)
  const pinned = () => {
    collect()
    return [...pins]
  }
  /** Runs copies until there are no more. */
  const runCopies = () => {
    const copies: Attempt[] = []
    for (let copy = warmUp.next(SPARE); copy; copy = warmUp.next(SPARE)) {
      copies.push(copy)
      warmUp.ran(SPARE, copy.program, 2)
    }
    warmUp.finish()
    collect()
    return copies
  }
  return { warmUp, state, told, cold, saw, pinned, runCopies }
}

let block = 0
function attempt(
  batchTime: number | undefined,
  program = 7,
  change: {
    bytes?: number
    states?: object[]
    sink?: object
    inputs?: object[]
    promised?: object[]
  } = {},
) {
  const id = ++block
  const sink = change.sink ?? { op: 'count' }
  return {
    task: { spec: { job: { batchTime } } },
    planned: {
      states: change.states ?? [],
      inputs: change.inputs ?? [],
      promised: change.promised ?? [],
      blocks: [{ id, length: change.bytes ?? 100 }],
      program: { plan: { op: 'chain', steps: [{ op: 'map' }] }, sink },
    },
    pins: { blocks: [id], files: [], broadcasts: [] },
    program,
  } as unknown as Attempt
}

test('the newest task of each program is kept, copied in turns, and released when the thread is warm', () => {
  const { state, told, saw, pinned, runCopies } = setUp()
  for (const time of [1000, 2000, 3000]) for (const program of [1, 2]) saw(attempt(time, program))
  const newest = [block - 1, block]
  expect(pinned()).toEqual(newest)
  // Once a program, not once a task.
  expect(state.looked).toBe(2)
  const copies = runCopies()
  expect(copies.map(({ program }) => program)).toEqual(Array.from({ length: 16 }, (_, i) => 1 + (i % 2)))
  expect(copies.every(({ warmUp, pins }) => warmUp && newest.includes(pins.blocks[0]!))).toBe(true)
  expect(told).toEqual([{ thread: SPARE, tasks: 16, ms: 32 }])
  expect(pinned()).toEqual([])
  saw(attempt(4000, 1))
  expect(pinned()).toEqual([])
})

describe('what is not kept', () => {
  test.each([
    ['tasks outside of streams', attempt(undefined), attempt(undefined), 1],
    ['programs of one batch', attempt(1000), attempt(1000), 1],
    ['long tasks', attempt(1000), attempt(2000), 201],
    ['tasks that make state', attempt(1000), attempt(2000, 7, { states: [{}] }), 1],
    ['tasks with effects', attempt(1000), attempt(2000, 7, { sink: { op: 'apply' } }), 1],
    ['tasks that ask a service', attempt(1000), attempt(2000, 7, { inputs: [{ in: 'partition' }] }), 1],
    ['large inputs', attempt(1000), attempt(2000, 7, { bytes: 16 * MIB + 1 }), 1],
  ])('%s', (_, first, second, runMs) => {
    const { saw, pinned } = setUp()
    saw(first)
    saw(second, runMs)
    expect(pinned()).toEqual([])
  })

  test('more inputs than 16 MiB in all', () => {
    const { warmUp, saw, pinned } = setUp()
    for (const time of [1000, 2000]) for (const program of [1, 2, 3]) saw(attempt(time, program, { bytes: 7 * MIB }))
    expect(pinned()).toHaveLength(2)
    warmUp.clear()
    expect(pinned()).toEqual([])
  })

  test('a program with visible side effects: its functions are looked at once', () => {
    const { state, saw, pinned } = setUp()
    state.outside = true
    for (const time of [1000, 2000]) saw(attempt(time))
    state.outside = false
    for (const time of [3000, 4000]) saw(attempt(time))
    expect(pinned()).toEqual([])
    expect(state.looked).toBe(1)
  })

  test('anything while memory is short', () => {
    const { state, saw, pinned } = setUp()
    saw(attempt(1000))
    state.mayKeepInputs = false
    saw(attempt(2000))
    expect(pinned()).toEqual([])
  })

  test.each([
    ['there is a spare', true, 0],
    ['a spare is about to start', false, 1],
  ])('where all threads are warm and %s: %#', (_, spare, count) => {
    const { cold, saw, pinned } = setUp({ spare })
    cold.forgetThread(SPARE)
    for (const time of [1000, 2000]) saw(attempt(time))
    expect(pinned()).toHaveLength(count)
  })

  test('inputs of a reader of pipelined stages, which are not in its plan', () => {
    const { saw, pinned } = setUp()
    for (const time of [1000, 2000]) saw(attempt(time, 7, { promised: [{}] }))
    expect(pinned()).toEqual([])
    for (const time of [1000, 2000]) saw(attempt(time))
    expect(pinned()).toEqual([block])
  })

  test('a program of which a copy has failed', () => {
    const { warmUp, saw, pinned, runCopies } = setUp()
    for (const time of [1000, 2000]) saw(attempt(time))
    warmUp.failed(7)
    saw(attempt(3000))
    expect(pinned()).toEqual([])
    expect(runCopies()).toEqual([])
  })
})

describe('a task runs alone so that its inputs can be kept', () => {
  const planned = attempt(1000).planned

  test('once a second, until some are kept or it is known that none will be', () => {
    const { warmUp, state, saw } = setUp()
    expect(warmUp.wantsInput(7, planned, 0)).toBe(true)
    expect(warmUp.wantsInput(7, planned, 999)).toBe(false)
    expect(warmUp.wantsInput(8, planned, 999)).toBe(true)
    expect(warmUp.wantsInput(7, planned, 1000)).toBe(true)
    for (const time of [1000, 2000]) saw(attempt(time))
    state.outside = true
    for (const time of [1000, 2000]) saw(attempt(time, 8))
    expect([7, 8].map((program) => warmUp.wantsInput(program, planned, 5000))).toEqual([false, false])
  })

  test('not where there is state, or where all threads are warm', () => {
    const { warmUp, cold } = setUp()
    expect(warmUp.wantsInput(7, { ...planned, states: [{}] as never }, 0)).toBe(false)
    cold.forgetThread(SPARE)
    expect(warmUp.wantsInput(7, planned, 0)).toBe(false)
  })
})
