import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArgumentError, SourceError } from 'millrace'
import { runBatches } from 'millrace/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eachThreads } from '../support/contexts.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'objects-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const values = [
  1,
  -0,
  Number.NaN,
  'text',
  '\ud800',
  null,
  undefined,
  [1, [2]],
  { a: { b: 1n } },
  new Map([[1, new Set(['x'])]]),
  new Date(5),
  new Uint8Array([0, 255]),
]

describe('object files', () => {
  eachThreads((ctx, threads) => {
    const path = (name: string) => join(folder, `${name}-${threads}`)

    test('what is saved is read, in its partitions', async () => {
      for (const [i, list] of [
        [1.5, -0, Number.NaN],
        ['', '\ud800', 'é'],
        [
          ['a', 1],
          ['b', 2],
        ],
        values.slice(3, 4).concat(values.slice(5)),
        [],
      ].entries()) {
        await ctx.parallelize<unknown>(list, 3).saveAsObjectFile(path(`list-${i}`))
        const read = ctx.objectFile(path(`list-${i}`), 3)
        expect(await read.collect()).toStrictEqual(list)
        expect(
          await read
            .glom()
            .map((xs) => xs.length)
            .collect(),
        ).toEqual(
          await ctx
            .parallelize<unknown>(list, 3)
            .glom()
            .map((xs) => xs.length)
            .collect(),
        )
      }
    })

    test('more than ten partitions stay in order', async () => {
      await ctx.range(0, 30, 1, 12).saveAsObjectFile(path('twelve'))
      expect(await ctx.objectFile(path('twelve')).collect()).toEqual(await ctx.range(30).collect())
      expect(readdirSync(path('twelve')).sort()).toEqual([
        '_SUCCESS',
        ...Array.from({ length: 12 }, (_, i) => `part-000${String(i).padStart(2, '0')}`),
      ])
    })

    test('of no partitions', async () => {
      await ctx.emptyRDD().saveAsObjectFile(path('none'))
      expect(await ctx.objectFile(path('none')).collect()).toEqual([])
    })

    test('a directory that is there is refused and left alone', async () => {
      await ctx.parallelize([1]).saveAsObjectFile(path('twice'))
      await expect(ctx.parallelize([2]).saveAsObjectFile(path('twice'))).rejects.toThrow(ArgumentError)
      expect(await ctx.objectFile(path('twice')).collect()).toEqual([1])
      await expect(ctx.parallelize([2]).saveAsObjectFile('')).rejects.toThrow(ArgumentError)
    })

    test('a task that fails leaves nothing that could be read', async () => {
      const failing = ctx.range(0, 2, 1, 2).map((x) => {
        if (x === 1) throw new Error('no more')
        return x
      })
      await expect(failing.saveAsObjectFile(path('failed'))).rejects.toThrow('no more')
      await expect(ctx.objectFile(path('failed')).collect()).rejects.toThrow('cannot be read')
      await expect(ctx.objectFile(path('never')).collect()).rejects.toThrow(SourceError)
    })

    test('damage is found', async () => {
      await ctx.range(0, 100, 1, 1).saveAsObjectFile(path('damaged'))
      const part = join(path('damaged'), 'part-00000')
      const good = readFileSync(part)
      for (const at of [0, 8, 20, good.length - 1]) {
        const bad = Buffer.from(good)
        bad[at]! ^= 1
        writeFileSync(part, bad)
        await expect(ctx.objectFile(path('damaged')).collect()).rejects.toThrow(
          /damaged|not a file of saveAsObjectFile/,
        )
      }
      for (const length of [0, 10, good.length - 1]) {
        writeFileSync(part, good.subarray(0, length))
        await expect(ctx.objectFile(path('damaged')).collect()).rejects.toThrow(
          /damaged|not a file of saveAsObjectFile/,
        )
      }
    })

    test('each batch of a stream', async () => {
      const prefix = path('stream')
      for (let run = 0; run < 2; run++) {
        await runBatches(
          (_, pairs) => {
            pairs.saveAsObjectFiles(prefix, 'objects')
            return pairs
          },
          [[[{ a: 1 }], []]],
          { threads },
        )
      }
      expect(await ctx.objectFile(`${prefix}-1000.objects`).collect()).toEqual([{ a: 1 }])
      expect(await ctx.objectFile(`${prefix}-2000.objects`).collect()).toEqual([])
    })
  })
})
