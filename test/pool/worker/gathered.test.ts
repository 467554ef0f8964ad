import { expect, test } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodeRecords } from '#build/pool/blocks/records-codec.js'
import { gather } from '#build/pool/worker/runtime/gathered.js'
import { TextRecords } from '#build/pool/worker/text/text-records.js'
import fc from '../../support/fast-check.js'

const task = { meter: { status: new Int32Array(8) } } as never

function inBytes(texts: readonly string[]): TextRecords {
  const lengths = texts.map(({ length }) => length)
  const type = Math.max(0, ...lengths) > 255 ? Uint32Array : Uint8Array
  return new TextRecords({ texts: Buffer.from(texts.join(''), 'latin1'), lengths: type.from(lengths) })
}

const text = fc.string({ unit: fc.constantFrom('a', 'é', '\xff', '\0', '\n'), maxLength: 5 })
const long = fc.integer({ min: 250, max: 70_000 }).map((n) => 'x'.repeat(n))
const piece = fc.record({
  texts: fc.array(fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: long }), { maxLength: 8 }),
  bytes: fc.boolean(),
})

test('pieces of texts in bytes and of arrays are gathered in their order', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const expected = pieces.flatMap(({ texts }) => texts)
      const gathered = gather((_, each) => {
        for (const { texts, bytes } of pieces) each(bytes ? inBytes(texts) : texts)
      }, task)
      const w = new ByteWriter()
      gathered.encode(w)
      const passed: unknown[] = []
      gathered.pass((records) => passed.push(...records))
      expect({ count: gathered.count, passed, written: decodeRecords(w.bytes()) }).toEqual({
        count: expected.length,
        passed: expected,
        written: expected,
      })
    }),
    { numRuns: 300 },
  )
})
