import { describe, expect, test } from 'vitest'
import type { Command } from '#build/engine/scheduler/commands.js'
import type { Job } from '#build/engine/scheduler/task.js'
import { MemoryLimitError } from '#build/errors.js'
import fc from '../../support/fast-check.js'
import { missing, Scripted } from './scripted.js'

const ANSWERS = ['done', 'quick', 'threw', 'stale', 'unreadable', 'no state'] as const
const REASONS = ['terminated', 'exit', 'uncaught', 'timeout', 'out-of-memory'] as const

type Step =
  | { readonly do: 'submit'; readonly pinned: boolean; readonly stateful: boolean; readonly program: number }
  | { readonly do: 'answer'; readonly thread: number; readonly kinds: readonly (typeof ANSWERS)[number][] }
  | {
      readonly do: 'lose'
      readonly thread: number
      readonly reason: (typeof REASONS)[number]
      readonly running: number
    }
  | { readonly do: 'group' | 'come' | 'promote' | 'exit' | 'turn' | 'look' | 'quiet' | 'free' | 'short' | 'end job' }
  | { readonly do: 'memory'; readonly state: 'wait' | 'full' }
  | { readonly do: 'recall'; readonly begun: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      pinned: fc.boolean(),
      stateful: fc.boolean(),
      program: fc.nat(2),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      thread: fc.nat(3),
      kinds: fc.array(fc.constantFrom(...ANSWERS), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('lose' as const),
      thread: fc.nat(3),
      reason: fc.constantFrom(...REASONS),
      running: fc.nat(3),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('recall' as const), begun: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 6, arbitrary: fc.constantFrom('turn', 'come', 'quiet', 'look').map((kind) => ({ do: kind }) as Step) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('group', 'promote', 'exit', 'free', 'short', 'end job')
      .map((kind) => ({ do: kind }) as Step),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('wait' as const, 'full' as const).map((state) => ({ do: 'memory' as const, state })),
  },
)

/** Applies steps, and checks after each what must always hold. */
class Model {
  readonly s = new Scripted({
    policy: { allows: () => true },
    warmUp: true,
    speculation: { multiplier: 2, quantile: 0.5, minMs: 20 },
  })
  readonly alive: number[] = []
  readonly dead: number[] = []
  readonly settled = new Map<string, number>()
  readonly pinned = new Map<object, number>()
  /** Threads from which tasks were taken back. */
  readonly refusing = new Set<number>()
  spare: number | undefined
  #threads = 0
  #tasks = 0
  #seen = 0
  #job: Job = this.s.job(3, 1000)

  constructor() {
    this.come()
    this.come()
  }

  apply(step: Step): void {
    const { s } = this
    switch (step.do) {
      case 'submit': {
        const pinned = step.pinned ? this.alive[0] : undefined
        const plans = step.program === 2 && step.stateful ? [missing()] : []
        s.submit(`t${this.#tasks++}`, {
          job: this.#job,
          pinned,
          stateful: step.stateful,
          program: `p${step.program}`,
          plans,
        })
        break
      }
      case 'answer': {
        const thread = [...this.alive, this.spare ?? -1].filter((id) => s.sentTo(id).length > 0)[step.thread]
        if (thread !== undefined) this.answer(thread, ...step.kinds)
        break
      }
      case 'lose':
        this.lose(this.alive[step.thread] ?? this.spare, step.reason, step.running)
        break
      case 'group': {
        const [one, two = one] = this.alive
        if (one === undefined || two === undefined || !s.scheduler.isIdle) break
        const [w, r] = [`t${this.#tasks++}`, `t${this.#tasks++}`]
        s.group(one === two ? { [one]: `${w}* ${r}` } : { [one]: `${w}*`, [two]: r })
        break
      }
      case 'come':
        if (this.alive.length < 3) this.come()
        else this.comeAsSpare()
        break
      case 'promote':
        this.promote()
        break
      case 'exit':
        for (const thread of this.dead.splice(0)) s.post({ type: 'ThreadExited', thread })
        break
      case 'turn':
        this.turn()
        break
      case 'look':
        s.now += 250
        s.post({ type: 'LookDue', progress: new Map() })
        break
      case 'recall':
        s.now += 6
        s.begun = step.begun
        s.post({ type: 'RecallDue' })
        break
      case 'quiet':
        s.post({ type: 'QuietDue' })
        break
      case 'free':
        s.memory = undefined
        s.post({ type: 'MemoryFreed' })
        break
      case 'short':
        s.post({ type: 'MemoryShort' })
        break
      case 'memory':
        s.memory = step.state === 'wait' ? 'wait' : new MemoryLimitError('full', {})
        break
      case 'end job':
        s.post({ type: 'JobEnded', job: this.#job, succeeded: this.#tasks % 2 === 0 })
        this.#job = s.job(3, (this.#job.batchTime ?? 0) + 1000)
        break
    }
    this.check()
  }

  /** Rounds until none is due. A further one must find nothing to send, or a task would wait for an unrelated event. */
  turn(): void {
    const { s } = this
    for (let rounds = 0; s.turn().length > 0; rounds++) expect(rounds, 'rounds must end').toBeLessThan(200)
    if (s.memory !== undefined) return
    const further = s.post({ type: 'DispatchDue', memory: undefined })
    expect(further.filter((command) => command.startsWith('dispatch'))).toEqual([])
  }

  come(): void {
    const thread = ++this.#threads
    const slot = [0, 1, 2].find((free) => this.alive[free] === undefined) ?? 2
    this.alive.push(thread)
    this.s.post({ type: 'ThreadReady', thread, slot, cold: thread > 2 })
  }

  comeAsSpare(): void {
    if (this.spare !== undefined) return
    this.spare = ++this.#threads
    this.s.post({ type: 'ThreadReady', thread: this.spare, slot: -1, cold: true })
  }

  promote(): void {
    if (this.spare === undefined || this.alive.length >= 3) return
    this.alive.push(this.spare)
    this.s.post({ type: 'ThreadPromoted', thread: this.spare, slot: this.alive.length - 1 })
    this.spare = undefined
  }

  lose(thread: number | undefined, reason: (typeof REASONS)[number], running = 0): void {
    if (thread === undefined) return
    if (this.spare === thread) this.spare = undefined
    else this.alive.splice(this.alive.indexOf(thread), 1)
    this.dead.push(thread)
    this.s.lose(thread, reason, running)
  }

  answer(thread: number, ...kinds: (typeof ANSWERS)[number][]): void {
    const [message] = this.s.sentTo(thread)
    // The event loop does not decode results that no job wants.
    const wanted = message!.map(({ task, warmUp }, i) => {
      const kind = kinds[i % kinds.length]!
      return kind === 'done' && (task.settled || warmUp) ? 'dropped' : kind
    })
    this.s.answer(thread, ...wanted)
  }

  /** All threads answer, or one comes and answers, until nothing is left. */
  finish(kind: 'done' | 'threw' = 'done'): void {
    const { s } = this
    s.memory = undefined
    s.post({ type: 'MemoryFreed' })
    for (let rounds = 0; ; rounds++) {
      expect(rounds, 'a budget must end').toBeLessThan(2000)
      s.turn()
      if (this.alive.length === 0) this.come()
      const busy = [...this.alive, ...(this.spare === undefined ? [] : [this.spare])].find(
        (id) => s.sentTo(id).length > 0,
      )
      if (busy !== undefined) this.answer(busy, kind)
      else if (!s.scheduler.hasQueued) break
      this.check()
    }
    for (const thread of this.dead.splice(0)) s.post({ type: 'ThreadExited', thread })
    s.post({ type: 'MemoryShort' })
    this.check()
    expect([...s.tasks.keys()].filter((name) => !this.settled.has(name))).toEqual([])
    expect([...this.pinned.values()].filter((pins) => pins !== 0)).toEqual([])
  }

  check(): void {
    const { commands } = this.s
    for (; this.#seen < commands.length; this.#seen++) this.#checkOne(commands[this.#seen]!)
  }

  #checkOne(command: Command): void {
    if (command.do === 'pin' || command.do === 'release') {
      const { pins } = command.attempt
      const count = (this.pinned.get(pins) ?? 0) + (command.do === 'pin' ? 1 : -1)
      expect(count).toBeGreaterThanOrEqual(0)
      this.pinned.set(pins, count)
    }
    if (command.do === 'dispatch') {
      expect([...this.alive, this.spare]).toContain(command.thread)
      expect(this.refusing.has(command.thread), 'a thread that refuses tasks').toBe(false)
      for (const { pins, task, warmUp } of command.attempts) {
        expect(this.pinned.get(pins)).toBeGreaterThan(0)
        if (!warmUp) expect(task.spec.job.ended).toBe(false)
      }
    }
    if (command.do === 'recall') this.refusing.add(command.thread)
    if (command.do === 'reopen') this.refusing.delete(command.thread)
    if (command.do === 'settle') {
      const name = command.task.spec.label
      expect(this.settled.has(name)).toBe(false)
      this.settled.set(name, 1)
    }
  }
}

describe('whatever happens to the scheduler', () => {
  test('every task settles once, pins balance, and no attempt goes to a dead thread', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new Model()
        for (const each of steps) model.apply(each)
        model.finish()
      }),
      { numRuns: 500 },
    )
  })

  test('tasks that always fail fail their jobs in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const model = new Model()
        for (const each of steps) model.apply(each)
        model.finish('threw')
      }),
      { numRuns: 150 },
    )
  })

  test.each(['terminated', 'exit'] as const)('threads that are always lost (%s) fail the jobs in the end', (reason) => {
    const model = new Model()
    const { s } = model
    for (const name of ['a', 'b', 'c']) s.submit(name, { pinned: name === 'c' ? 1 : undefined })
    for (let rounds = 0; s.tasks.size > model.settled.size; rounds++) {
      expect(rounds, 'a budget must end').toBeLessThan(1000)
      s.turn()
      model.check()
      for (const thread of [...model.alive]) model.lose(thread, reason, 1)
      model.come()
      model.check()
    }
    model.finish()
  })
})
