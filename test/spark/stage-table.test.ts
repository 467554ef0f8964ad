import { expect, test } from 'vitest'
import { FileReads } from '#build/engine/scheduler/file-reads.js'
import { FileChangedError } from '#build/errors.js'
import { StageTable } from '#build/spark/stage-table.js'

const missing = (path: string) => new FileChangedError(`${path} is gone`, { details: { path, change: 'missing' } })

/** Stage 0 reads a file, 2 its shuffle 1; stage 3 is of another job and reads the shuffle too; stage 4 reads another dataset. */
function table(reads: FileReads) {
  const stages = new StageTable()
  const stage = (rdd: number, files?: object) => {
    const sources = files ? [{ input: 0, rdd: 0, partition: 0, files }] : []
    return { rdd, label: 'test', partitions: [{ rejecting: [], sources }], reported: new Set<number>() } as never
  }
  const ranges = [{ path: 'a' }]
  stages.add(0, [], stage(0, { reads, ranges }))
  stages.add(1, [0])
  stages.add(2, [1], stage(2))
  stages.add(3, [1], stage(3))
  stages.add(4, [], stage(4, { reads: new FileReads(() => true), ranges }))
  return stages
}

test('a missing file makes what reads it outdated, of every job, and nothing else', () => {
  const stages = table(new FileReads(() => true))
  expect(stages.leaveOut(2, missing('a'))).toBe(true)
  expect([0, 1, 2, 3, 4].filter((rdd) => stages.isOutdated(rdd))).toEqual([0, 1, 2, 3])
  expect(stages.get(0)).toBeUndefined()
  expect(stages.get(4)).toBeDefined()
})

test('a file that the dataset needs, or that a task has read, is not left out', () => {
  expect(table(new FileReads()).leaveOut(2, missing('a'))).toBe(false)
  expect(table(new FileReads(() => true)).leaveOut(2, missing('b'))).toBe(false)
  const read = new FileReads(() => true)
  read.done(0, [{ path: 'a' }] as never, undefined)
  const stages = table(read)
  expect(stages.leaveOut(2, missing('a'))).toBe(false)
  expect(stages.isOutdated(2)).toBe(false)
})
