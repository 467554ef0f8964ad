import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type ContextOptions } from 'millrace'
import { afterEach } from 'vitest'
import { rejectInto } from '#build/formats/faults.js'
import type { EncodedFile, FileSlice } from '#build/formats/format.js'
import { formatOf } from '#build/formats/registry.js'

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const run of cleanup.splice(0).reverse()) await run()
})

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-formats-'))
  cleanup.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name)
  writeFileSync(path, content)
  return path
}

export function context(options: ContextOptions = {}): Context {
  const ctx = new Context({ threads: 1, spare: false, maxFailures: 1, ...options })
  cleanup.push(() => ctx.stop())
  return ctx
}

/** The parts of a directory, in order. */
export function parts(path: string): { readonly name: string; readonly bytes: Buffer }[] {
  return readdirSync(path)
    .filter((name) => name.startsWith('part-'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(path, name)) }))
}

/** Reads a slice of bytes with a format: its records, and with `keepBad` those that it rejects after them. */
export function slice(
  format: string,
  bytes: Buffer,
  given: object = {},
  [start, end]: readonly [number, number] = [0, bytes.length],
  keepBad = false,
): unknown[] {
  const { read, readOptions } = formatOf(format)
  const of: FileSlice = { path: 'x', size: bytes.length, start, end }
  const records: unknown[] = []
  const bad: unknown[] = []
  const reject = (record: unknown, error: unknown) => {
    if (!keepBad) throw error
    bad.push(record)
  }
  const reading = read!(of, readOptions.check(given, 'test'), rejectInto({ reject }))
  for (let step = reading.next(); !step.done; ) {
    const { value } = step
    if ('records' in value) {
      for (const record of value.records) records.push(record)
      step = reading.next()
    } else {
      if (value.at + value.length > bytes.length || value.length <= 0)
        throw new Error(`A request for ${value.length} bytes at ${value.at} of ${bytes.length}.`)
      // A copy, as files give.
      step = reading.next(Buffer.from(bytes.subarray(value.at, value.at + value.length)))
    }
  }
  return [...records, ...bad]
}

/** The bytes of a file with these records. */
export function encode(format: string, records: readonly unknown[], given: object = {}): Buffer {
  const { write, writeOptions } = formatOf(format)
  const { bytes }: EncodedFile = write!(records, writeOptions!.check(given, 'test'))
  return Buffer.concat([...bytes])
}

/** Reads bytes in two slices, cut at each place in turn. */
export function* halves(format: string, bytes: Buffer, given: object = {}): Generator<unknown[]> {
  for (let cut = 0; cut <= bytes.length; cut++) {
    yield [...slice(format, bytes, given, [0, cut]), ...slice(format, bytes, given, [cut, bytes.length])]
  }
}
