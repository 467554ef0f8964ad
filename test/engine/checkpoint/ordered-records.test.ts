import { expect, test } from 'vitest'
import { OrderedRecords } from '#build/engine/checkpoint/ordered-records.js'

/** Records on a disk that can be full. */
function disk() {
  const written: [number, string][] = []
  const of = { isFull: false }
  const records = new OrderedRecords<string>(async (time, entry) => {
    if (of.isFull) throw new Error('ENOSPC')
    written.push([time, entry])
  })
  return { written, of, records }
}

test('a record that could not be written is written before later ones, as it is by then', async () => {
  const { written, of, records } = disk()
  await records.write(1, 'a')
  of.isFull = true
  await expect(records.write(2, 'b')).rejects.toThrow('ENOSPC')
  await expect(records.write(3, 'c')).rejects.toThrow('ENOSPC')
  await expect(records.write(2, 'b, done')).rejects.toThrow('ENOSPC')
  of.isFull = false
  await records.write(4, 'd')
  await records.write(5, 'e')
  expect(written).toEqual([
    [1, 'a'],
    [2, 'b, done'],
    [3, 'c'],
    [4, 'd'],
    [5, 'e'],
  ])
})

test('a record that a checkpoint made superfluous is not written', async () => {
  const { written, of, records } = disk()
  of.isFull = true
  for (const time of [1, 2, 3]) await expect(records.write(time, 'x')).rejects.toThrow()
  records.checkpointed(2)
  of.isFull = false
  await records.write(4, 'y')
  expect(written).toEqual([
    [3, 'x'],
    [4, 'y'],
  ])
})

test('too many records: the oldest is dropped, and no later one is written before a checkpoint has its batch', async () => {
  const { written, of, records } = disk()
  of.isFull = true
  for (let time = 1; time <= 1002; time++) await expect(records.write(time, 'x')).rejects.toThrow()
  of.isFull = false
  await expect(records.write(1003, 'y')).rejects.toThrow('ENOSPC')
  records.checkpointed(2)
  await expect(records.write(1004, 'y')).rejects.toThrow('ENOSPC')
  records.checkpointed(1000)
  await records.write(1005, 'y')
  expect(written.map(([time]) => time)).toEqual([1001, 1002, 1003, 1004, 1005])
})
