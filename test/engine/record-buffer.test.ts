import { describe, expect, test } from 'vitest'
import { RecordBuffer } from '#build/engine/receivers/record-buffer.js'
import type { BlockHandle } from '#build/pool/blocks/handle.js'
import { CASES, expectSame } from '../values/kinds.js'

function buffer() {
  const written: unknown[][] = []
  const faults: Error[] = []
  const made = new RecordBuffer((records) => {
    const fault = faults.shift()
    if (fault) throw fault
    written.push([...records])
    return { length: 100 } as BlockHandle
  })
  return { made, written, faults }
}

describe('RecordBuffer', () => {
  test('copies records: later changes are not seen', () => {
    const { made, written } = buffer()
    const record = { n: 1, list: [1], map: new Map([['a', { x: 1 }]]) }
    made.add([record])
    record.n = 2
    record.list.push(2)
    record.map.get('a')!.x = 2
    made.cut()
    expect(written).toEqual([[{ n: 1, list: [1], map: new Map([['a', { x: 1 }]]) }]])
  })

  test.each(CASES)('takes or refuses $kind, and takes its neighbours', ({ make, refused }) => {
    const { made, written } = buffer()
    const answer = made.add([1, make(), 'x'])
    made.cut()
    if (refused === undefined) return expectSame(written, [[1, make(), 'x']])
    expect(answer).toMatchObject({ refused: 1, first: { code: 'ERR_MILLRACE_DATA' } })
    expect(answer.first!.message).toMatch(/^A record cannot be encoded: \[1\]/)
    expect(written).toEqual([[1, 'x']])
  })

  test('counts bytes when they arrive, and seals large records early', () => {
    const { made, written } = buffer()
    made.add(['x'.repeat(1000)])
    expect(made.bytes).toBeGreaterThanOrEqual(1000)
    made.add([Buffer.alloc(3_000_000), { deep: { data: new Uint8Array(3_000_000) } }])
    expect(written.length).toBe(2)
    expect(made.bytes).toBe(200)
    made.cut()
    expect(made.bytes).toBe(0)
  })

  test('loses nothing when a block cannot be written', () => {
    const { made, written, faults } = buffer()
    faults.push(new Error('no memory'), new Error('no memory'))
    const many = Array.from({ length: 9000 }, (_, i) => i)
    made.add(many)
    expect(() => made.cut()).toThrow('no memory')
    made.add([9000])
    expect(made.cut().length).toBe(1)
    expect(written.flat()).toEqual([...many, 9000])
  })
})
