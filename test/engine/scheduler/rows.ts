import { describe, expect, test } from 'vitest'
import { BlockCorruptError } from '#build/errors.js'
import { failed, Scripted } from './scripted.js'

export type Row = readonly [
  name: string,
  given: (s: Scripted) => unknown,
  when: (s: Scripted) => string[],
  then: string,
]

/** The state is built from events; then one event comes in, and these commands go out. */
export function rows(title: string, table: readonly Row[], start = () => new Scripted().ready(1, 2)): void {
  describe(title, () => {
    test.each(table)('%s', (_, given, when, then) => {
      const scripted = start()
      scripted.turn()
      given(scripted)
      expect(when(scripted).join('; ')).toBe(then)
    })
  })
}

export const nothing = (): void => {}

/** Each of two threads runs a task. */
export const busy = (s: Scripted): void => {
  s.run('a b')
}

/** A task runs whose job has ended. */
export const ended = (s: Scripted) => {
  const job = s.job()
  s.run('a', { job })
  s.post({ type: 'JobEnded', job, succeeded: false })
  return job
}

export const corrupt = (details: object) => failed(new BlockCorruptError('corrupt', details as never))

/** The timer `look` fires. `progress`: the counters of threads. */
export function look(s: Scripted, at: number, progress: Record<number, number>): string[] {
  s.now = at
  const counters = Object.entries(progress).map(([thread, count]): [number, number] => [Number(thread), count])
  return s.post({ type: 'LookDue', progress: new Map(counters) })
}
