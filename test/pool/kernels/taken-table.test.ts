import { describe, expect, test } from 'vitest'
import { TakenTable } from '#build/pool/kernels/taken-table.js'

const TAGGED = 2 ** 30

/** A table of these keys with their numbers, as the kernels write it. */
function tableOf(entries: [key: string, value: number][], tags = 0): TakenTable {
  const keys = Buffer.from(entries.map(([key]) => key).join(''))
  const memory = Buffer.concat([Buffer.from('before'), keys, Buffer.from('after')])
  const lengths = Uint32Array.from(entries, ([key]) => Buffer.byteLength(key) + tags)
  return new TakenTable(
    memory,
    6,
    lengths,
    Uint32Array.from(entries, ([, value]) => value),
    tags > 0,
  )
}

function textsOf(table: TakenTable): [string, number][] | undefined {
  const texts: [string, number][] = []
  const all = table.eachText((memory, at, length, value) => {
    texts.push([memory.toString('latin1', at, at + length), value])
  })
  if (!all) expect(texts).toEqual([])
  return all ? texts : undefined
}

describe('a table that the kernels wrote', () => {
  const entries: [string, number][] = [
    ['one', 1],
    ['', 4],
    ['~'.repeat(70_000), 2],
  ]

  test('passes its texts where they are, or decodes them', () => {
    const table = tableOf(entries)
    expect(textsOf(table)).toEqual(entries)
    expect(table.keys()).toEqual(entries.map(([key]) => key))
    expect([...table.values]).toEqual([1, 4, 2])
  })

  test('passes nothing if a key has a unit of more than one byte: units of others would have other meanings', () => {
    const table = tableOf([
      ['one', 1],
      ['über', 2],
    ])
    expect(textsOf(table)).toBeUndefined()
    expect(table.keys()).toEqual(['one', 'über'])
  })

  test('passes nothing if keys are values of JSON', () => {
    const table = tableOf(
      [
        ['1', 1],
        ['true', 2],
      ],
      TAGGED,
    )
    expect(textsOf(table)).toBeUndefined()
    expect(table.keys()).toEqual([1, true])
  })

  test('of nothing', () => expect(textsOf(tableOf([]))).toEqual([]))
})
