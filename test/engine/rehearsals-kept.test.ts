import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Newcomers } from '#build/engine/newcomers.js'
import { Rehearsals } from '#build/engine/rehearsals.js'
import type { Attempt } from '#build/engine/task.js'
import type { PoolThread } from '#build/pool/pool-thread.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const MIB = 1024 * 1024
const SPARE = 3

/** Rehearsals with one thread in reserve, and what they pin and send. */
function setUp() {
  const state = { quiet: true, allowed: true, asked: 0, roomy: true, expecting: false, inFlight: 0 }
  const pins = new Map<number, number>()
  const sent: Attempt[] = []
  const told: unknown[] = []
  const newcomers = new Newcomers()
  newcomers.joined(SPARE)
  const pin = (by: number) => (ids: readonly number[]) => {
    for (const id of ids) pins.set(id, (pins.get(id) ?? 0) + by)
  }
  const rehearsals = new Rehearsals({
    blocks: { pin: pin(1), unpin: pin(-1) },
    newcomers,
    events: { emit: (_name, event) => told.push(event) },
    threads: () => [{ id: SPARE, inFlight: state.inFlight } as PoolThread],
    expecting: () => state.expecting,
    quiet: () => state.quiet,
    allowed: () => {
      state.asked++
      return state.allowed
    },
    roomy: () => state.roomy,
    send: (_thread, attempt) => sent.push(attempt),
  })
  const pinned = () => [...pins].filter(([, by]) => by > 0).map(([id]) => id)
  /** Lets the thread be idle for long enough, as often as it finds something to do. */
  const practise = () => {
    for (;;) {
      const before = sent.length
      rehearsals.idle()
      vi.runAllTimers()
      const attempt = sent[before]
      if (!attempt) return
      pin(-1)(attempt.pins)
      rehearsals.ran(SPARE, attempt.program, 2)
    }
  }
  return { rehearsals, state, sent, told, newcomers, pinned, practise }
}

let block = 0
function attempt(
  batchTime: number | undefined,
  program = 7,
  change: { bytes?: number; states?: object[]; sink?: object } = {},
) {
  const id = ++block
  return {
    task: { spec: { job: { batchTime } } },
    planned: {
      states: change.states ?? [],
      blocks: [{ id, length: change.bytes ?? 100 }],
      program: { plan: { op: 'chain', steps: [] }, sink: change.sink ?? { op: 'count' } },
    },
    pins: [id],
    program,
  } as unknown as Attempt
}

test('the newest task of each program is kept, run in turns, and let go when the thread is through', () => {
  const { rehearsals, state, sent, told, pinned, practise } = setUp()
  for (const time of [1000, 2000, 3000]) for (const program of [1, 2]) rehearsals.saw(attempt(time, program), 1)
  const newest = [block - 1, block]
  expect(pinned()).toEqual(newest)
  // Once a program, not once a task.
  expect(state.asked).toBe(2)
  practise()
  expect(sent.map(({ program }) => program)).toEqual(Array.from({ length: 16 }, (_, i) => 1 + (i % 2)))
  expect(sent.every(({ rehearsal, pins }) => rehearsal && newest.includes(pins[0]!))).toBe(true)
  expect(told).toEqual([{ thread: SPARE, tasks: 16, ms: 32 }])
  expect(pinned()).toEqual([])
  rehearsals.saw(attempt(4000, 1), 1)
  expect(pinned()).toEqual([])
})

describe('what is not kept', () => {
  test.each([
    ['tasks outside of streams', attempt(undefined), attempt(undefined), 1],
    ['programs of one batch', attempt(1000), attempt(1000), 1],
    ['long tasks', attempt(1000), attempt(2000), 201],
    ['tasks that make state', attempt(1000), attempt(2000, 7, { states: [{}] }), 1],
    ['tasks with effects', attempt(1000), attempt(2000, 7, { sink: { op: 'apply' } }), 1],
    ['great inputs', attempt(1000), attempt(2000, 7, { bytes: 16 * MIB + 1 }), 1],
  ])('%s', (_, first, second, runMs) => {
    const { rehearsals, pinned } = setUp()
    rehearsals.saw(first, 1)
    rehearsals.saw(second, runMs)
    expect(pinned()).toEqual([])
  })

  test('more inputs than 16 MiB in all', () => {
    const { rehearsals, pinned } = setUp()
    for (const time of [1000, 2000]) {
      for (const program of [1, 2, 3]) rehearsals.saw(attempt(time, program, { bytes: 7 * MIB }), 1)
    }
    expect(pinned()).toHaveLength(2)
    rehearsals.clear()
    expect(pinned()).toEqual([])
  })

  test('what others would notice: its program is asked for once', () => {
    const { rehearsals, state, pinned } = setUp()
    state.allowed = false
    for (const time of [1000, 2000]) rehearsals.saw(attempt(time), 1)
    state.allowed = true
    for (const time of [3000, 4000]) rehearsals.saw(attempt(time), 1)
    expect(pinned()).toEqual([])
    expect(state.asked).toBe(1)
  })

  test('anything while memory is short', () => {
    const { rehearsals, state, pinned } = setUp()
    rehearsals.saw(attempt(1000), 1)
    state.roomy = false
    rehearsals.saw(attempt(2000), 1)
    expect(pinned()).toEqual([])
  })

  test('anything where no thread needs it, unless one is yet to come', () => {
    const { rehearsals, state, newcomers, pinned } = setUp()
    newcomers.left(SPARE)
    rehearsals.saw(attempt(1000), 1)
    rehearsals.saw(attempt(2000), 1)
    expect(pinned()).toEqual([])
    state.expecting = true
    rehearsals.saw(attempt(3000), 1)
    expect(pinned()).toHaveLength(1)
  })
})

describe('tasks whose inputs cannot be kept are asked for others', () => {
  const planned = attempt(1000).planned

  test('once a second, until some are kept or it is known that none will be', () => {
    const { rehearsals, state } = setUp()
    expect(rehearsals.wantsInput(7, planned)).toBe(true)
    expect(rehearsals.wantsInput(7, planned)).toBe(false)
    expect(rehearsals.wantsInput(8, planned)).toBe(true)
    vi.advanceTimersByTime(1000)
    expect(rehearsals.wantsInput(7, planned)).toBe(true)
    for (const time of [1000, 2000]) rehearsals.saw(attempt(time), 1)
    state.allowed = false
    for (const time of [1000, 2000]) rehearsals.saw(attempt(time, 8), 1)
    vi.advanceTimersByTime(1000)
    expect([7, 8].map((program) => rehearsals.wantsInput(program, planned))).toEqual([false, false])
  })

  test('not where there is state, or nobody who needs it', () => {
    const { rehearsals, newcomers } = setUp()
    expect(rehearsals.wantsInput(7, { ...planned, states: [{}] as never })).toBe(false)
    newcomers.left(SPARE)
    expect(rehearsals.wantsInput(7, planned)).toBe(false)
  })

  test('what was exchanged between threads is not in the plan, so it is not kept', () => {
    const { rehearsals, pinned } = setUp()
    for (const time of [1000, 2000]) rehearsals.saw({ ...attempt(time), exchange: {} as never }, 1)
    expect(pinned()).toEqual([])
    for (const time of [1000, 2000]) rehearsals.saw({ ...attempt(time), exchange: {} as never, place: 0 }, 1)
    expect(pinned()).toEqual([block])
  })
})

test('nothing runs while anything else does, or before it is quiet for a moment', () => {
  const { rehearsals, state, sent } = setUp()
  rehearsals.saw(attempt(1000), 1)
  rehearsals.saw(attempt(2000), 1)
  state.quiet = false
  rehearsals.idle()
  vi.runAllTimers()
  state.quiet = true
  rehearsals.idle()
  state.quiet = false
  vi.runAllTimers()
  expect(sent).toEqual([])
  state.quiet = true
  state.inFlight = 1
  rehearsals.idle()
  vi.runAllTimers()
  expect(sent).toEqual([])
})

test('a program that failed is not rehearsed again', () => {
  const { rehearsals, sent, pinned, practise } = setUp()
  rehearsals.saw(attempt(1000), 1)
  rehearsals.saw(attempt(2000), 1)
  rehearsals.failed(7)
  rehearsals.saw(attempt(3000), 1)
  expect(pinned()).toEqual([])
  practise()
  expect(sent).toEqual([])
})
