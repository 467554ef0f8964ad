import { describe, expect, test } from 'vitest'
import { placeGroup, type TimedTask } from '#build/engine/scheduler/pipelined/placement.js'

const threads = [11, 12]
const tasks = (prefix: string, ms: readonly number[], pinned: readonly (number | undefined)[] = []) =>
  ms.map((each, i) => ({ name: `${prefix}${i}`, ms: each, planned: { pinned: pinned[i] } as TimedTask['planned'] }))
const named = (places: ReturnType<typeof placeGroup<ReturnType<typeof tasks>[number]>>) =>
  places && Object.fromEntries([...places].map(([id, list]) => [id, list.map(({ name }) => name).join(' ')]))

describe('which thread runs what of a group', () => {
  test.each([
    [
      'next to nothing: all in one thread',
      tasks('w', [0.1, 0.1, 0.1]),
      tasks('r', [0.1, 0.1]),
      { 11: 'w0 w1 w2 r0 r1' },
    ],
    ['more: dealt, first what writes', tasks('w', [1, 1, 1]), tasks('r', [1, 1]), { 11: 'w0 w2 r0', 12: 'w1 r1' }],
    ['one that reads', tasks('w', [1, 1]), tasks('r', [1]), { 11: 'w0 r0', 12: 'w1' }],
    ['state has its place', tasks('w', [0.1]), tasks('r', [0.1, 0.1], [12, 11]), { 11: 'w0 r1', 12: 'r0' }],
    ['state in a thread that is not there', tasks('w', [0.1]), tasks('r', [0.1], [13]), undefined],
    ['long tasks', tasks('w', [9, 9]), tasks('r', [2, 2]), undefined],
    ['tasks that nobody knows', tasks('w', [1, Infinity]), tasks('r', [1]), undefined],
  ])('%s', (_, writers, readers, expected) => {
    expect(named(placeGroup(writers, readers, threads))).toEqual(expected)
  })

  test('no thread is there', () => {
    expect(placeGroup(tasks('w', [0.1]), tasks('r', [0.1]), [])).toBeUndefined()
  })
})
