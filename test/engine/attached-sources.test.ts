import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DStream, StreamingContext } from 'millrace'
import { expect, onTestFinished, test } from 'vitest'
import { manual } from './support.js'

/** The records of a source, in order, once there are `count`. When they arrive is the source's to say. */
async function taken<T>(open: (ssc: StreamingContext) => DStream<T>, count: number): Promise<T[]> {
  const { ssc, clock } = manual({ threads: 1, spare: false })
  await using _ = ssc
  const records: T[] = []
  let all!: () => void
  const arrived = new Promise<void>((resolve) => {
    all = resolve
  })
  open(ssc).foreachRDD(async (rdd) => {
    records.push(...((await rdd.collect()) as T[]))
    if (records.length >= count) all()
  })
  await ssc.start()
  let ticking = true
  const ticks = (async () => {
    while (ticking) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
  })()
  await arrived
  ticking = false
  await ticks
  return records
}

test('httpTextStream: the lines of an answer, each once, until it ends', async () => {
  const server = createServer((_, response) => {
    response.write('one two\nth')
    response.end('ree\nfour')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/`
  expect(await taken((ssc) => ssc.httpTextStream(url, { reconnect: false }), 3)).toEqual(['one two', 'three', 'four'])
})

test('fromIterable: what an async iterable yields, each once, in order', async () => {
  async function* yielded() {
    for (let i = 0; i < 100; i++) {
      if (i % 30 === 0) await new Promise((resolve) => setImmediate(resolve))
      yield { i }
    }
  }
  const records = await taken((ssc) => ssc.fromIterable(yielded()), 100)
  expect(records).toEqual(Array.from({ length: 100 }, (_, i) => ({ i })))
})

test('textFileStream: the lines of files by their times, which the manual clock passes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-files-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  for (const [name, seconds] of [
    ['a', 1.5],
    ['b', 3.5],
  ] as const) {
    const path = join(directory, name)
    writeFileSync(path, `${name}1\n${name}2\n`)
    utimesSync(path, seconds, seconds)
  }
  const lines = await taken((ssc) => ssc.textFileStream(directory, { newFilesOnly: false }), 4)
  expect(lines).toEqual(['a1', 'a2', 'b1', 'b2'])
})
