import { StateSpec } from 'millrace'
import { linesBuffer } from './data.mjs'

const KEY_BYTES = 8

/** Words of a line and their counts. */
const counts = (lines) =>
  lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)

const sums = StateSpec.function((_, n, state) => {
  state.update((state.getOption() ?? 0) + n)
})

/** A million keys; a batch changes some of them, each with equal probability. */
export function keyedLines(keys, batch, lines) {
  const bytes = Buffer.allocUnsafe(lines * KEY_BYTES)
  let seed = (batch + 1) * 0x9e3779b9
  for (let i = 0; i < lines; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0
    writeKey(bytes, i, (seed >>> 8) % keys)
  }
  return bytes
}

/** All keys, each once, in pieces of at most `lines`. */
export function* allKeys(keys, lines) {
  for (let first = 0; first < keys; first += lines) {
    const count = Math.min(lines, keys - first)
    const bytes = Buffer.allocUnsafe(count * KEY_BYTES)
    for (let i = 0; i < count; i++) writeKey(bytes, i, first + i)
    yield bytes
  }
}

function writeKey(bytes, i, key) {
  bytes.write(`${key.toString(36).padStart(KEY_BYTES - 1, '0')}\n`, i * KEY_BYTES, 'latin1')
}

/** `batch(i)` returns the bytes of batch i; `warmUp` those before the measurement. */
export function jobs({ bytes, keys, keyLines }) {
  const text = linesBuffer(bytes)
  const same = () => text
  return {
    stateless: { warmUp: () => Array(10).fill(text), batch: same, define: (lines) => counts(lines).output('counts') },
    windowed: {
      warmUp: () => Array(10).fill(text),
      batch: same,
      define: (lines, interval) =>
        lines
          .flatMap((line) => line.split(' '))
          .map((word) => [word, 1])
          .reduceByKeyAndWindow((a, b) => a + b, 5 * interval, interval)
          .output('counts'),
    },
    state: {
      warmUp: () => [
        ...allKeys(keys, Math.ceil(keys / 10)),
        ...Array.from({ length: 12 }, (_, i) => keyedLines(keys, -i - 2, keyLines)),
      ],
      batch: (i) => keyedLines(keys, i, keyLines),
      define: (lines) =>
        lines
          .map((key) => [key, 1])
          .mapWithState(sums)
          .count()
          .output('count'),
    },
  }
}
