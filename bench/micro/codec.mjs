import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodePairs, decodeRecords, encodePairs, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { decodeLines, encodeLines } from '#build/pool/blocks/text.js'
import { makeLines } from '../data.mjs'

const COUNT = 10_000

/** Encodes and decodes a block of records of each kind, from and to JavaScript values. */
export function codecBenches() {
  const text = makeLines(100 * COUNT)
  const lines = decodeLines(text)
  const words = lines.flatMap((line) => line.split(' ')).slice(0, COUNT)
  const writer = new ByteWriter()
  const kinds = {
    'strings, words': words,
    'strings, lines': lines,
    numbers: Array.from({ length: COUNT }, (_, i) => i * 1.5),
    'pairs [word, count]': words.map((word, i) => [word, i % 100]),
    objects: words.map((word, i) => ({ user: word, at: 1_700_000_000_000 + i, tags: [word, 'x'], ok: i % 2 === 0 })),
  }
  const benches = Object.entries(kinds).flatMap(([name, records]) =>
    both(name, records.length, writer, (w) => encodeRecords(w, records), decodeRecords),
  )
  const keys = words
  const values = words.map((_, i) => i % 100)
  benches.push(...both('columns of keys and values', COUNT, writer, (w) => encodePairs(w, keys, values), decodePairs))
  benches.push(...both('text lines', lines.length, writer, (w) => encodeLines(w, lines), decodeLines))
  return { benches }
}

function both(name, items, writer, encode, decode) {
  const run = () => {
    writer.reset()
    encode(writer)
    return writer.length
  }
  const bytes = run()
  // In shared memory, as a block is.
  const encoded = Buffer.from(new SharedArrayBuffer(bytes))
  encoded.set(writer.bytes())
  return [
    { name: `encode ${name}`, items, bytes, run },
    { name: `decode ${name}`, items, bytes, run: () => decode(encoded) },
  ]
}
