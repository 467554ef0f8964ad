import { Batches } from '../batches.mjs'
import { makeLines } from '../data.mjs'
import { HandFed } from '../hand-fed.mjs'
import { random } from '../words.mjs'

/** Returns the lines of `lines` as pairs of words, counted. */
export function wordCount(lines) {
  return lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
}

let text = Buffer.alloc(0)

/** Whole lines of about this many bytes. */
export function textOf(bytes) {
  if (text.length < bytes) text = makeLines(bytes)
  return text.subarray(0, text.lastIndexOf(10, bytes) + 1)
}

/** Pieces of text with one key in each line, of `keys` keys in all. */
export function keyPieces(keys, updates, pieces) {
  const next = random(11)
  return Array.from({ length: pieces }, () =>
    Buffer.from(Array.from({ length: updates }, () => `${Math.floor(next() * keys)}\n`).join('')),
  )
}

/** Every key once. */
export function everyKey(keys) {
  return Buffer.from(Array.from({ length: keys }, (_, key) => `${key}\n`).join(''))
}

/** A stream of text: `run(i)` runs a batch of `bytesOf(i)`, and returns its time. `before`: batches that fill state and windows. */
export async function textStream({ threads, parallelism = 4, define, bytesOf, before = [] }) {
  const batches = await Batches.start({ threads, parallelism, options: { spare: false }, define })
  for (const bytes of before) await batches.run(bytes)
  return {
    run: async (i) => (await batches.run(bytesOf(i))).time,
    close: () => batches.stop(),
  }
}

/** A stream of `inputs` receivers, of which each gets its part of the bytes. */
export async function manyInputs({ threads, inputs, bytes, define }) {
  const more = Array.from({ length: inputs - 1 }, () => new HandFed())
  const part = textOf(Math.floor(bytes / inputs))
  const all = (first, ssc) => more.reduce((union, { source }) => union.union(ssc.input(source)), first)
  const batches = await Batches.start({
    threads,
    parallelism: 4,
    options: { spare: false },
    define: (first, ssc) => define(all(first, ssc)),
  })
  return {
    run: async () => {
      for (const input of more) input.feed(part)
      return (await batches.run(part)).time
    },
    close: () => batches.stop(),
  }
}
