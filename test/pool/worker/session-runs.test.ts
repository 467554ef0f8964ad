import { expect, test } from 'vitest'
import { addToRuns, type Session } from '#build/pool/worker/state/event-session-parts.js'
import fc from '../../support/fast-check.js'

/** Lists of times. */
const lists = {
  first: (time: unknown) => [time],
  add: (list: unknown, time: unknown) => [...(list as unknown[]), time],
  merge: (a: unknown, b: unknown) => [...(a as unknown[]), ...(b as unknown[])],
  together: (parts: readonly unknown[]) => parts.flat(),
}

/** The times in order, cut wherever a gap or more is between two. */
function runsOf(times: readonly number[], gap: number): number[][] {
  const runs: number[][] = []
  for (const time of [...times].sort((a, b) => a - b)) {
    const last = runs.at(-1)?.at(-1)
    if (last !== undefined && time - last < gap) runs.at(-1)!.push(time)
    else runs.push([time])
  }
  return runs
}

test('records in any order make the runs that they make in order, however one joins two', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 30 }),
      ([one, ...more], gap) => {
        const runs: Session[] = [[one!, one!, [one]]]
        for (const time of more) addToRuns(runs, [time, time], gap, lists)
        const wanted = runsOf([one!, ...more], gap)
        expect(runs.map(([first, last]) => [first, last])).toEqual(wanted.map((run) => [run[0], run.at(-1)]))
        expect(runs.map(([, , list]) => [...(list as number[])].sort((a, b) => a - b))).toEqual(wanted)
      },
    ),
    { numRuns: 500 },
  )
})
