import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { DirectSource } from 'millrace'
import { describe, expect, test } from 'vitest'
import { asAfterKill, known, scratch } from './support.js'

const { directory, manual } = scratch()

interface Entry {
  uid: string
  value: unknown
}
interface Body {
  progress: Entry[]
  positions: Entry[]
}

/** A source whose position is a number of records. */
const numbers: DirectSource = {
  kind: 'direct',
  name: 'numbers',
  checkPosition: (position) => {
    if (!Number.isSafeInteger(position)) throw new Error(`it is ${JSON.stringify(position)}, not a number of records`)
  },
  create: () => ({
    open: async () => {},
    next: async () => ({ partitions: [] }),
    position: () => 7,
    close: async () => {},
  }),
}

/** State by key, event time, a window kept as state, and two sources with positions. */
function graph(at: string, files: string, from: number) {
  const { ssc, clock } = manual(from, { checkpointDir: at })
  const pairs = known(ssc, (i) => [i]).map((n) => ['sum', n] as [string, number])
  pairs.updateStateByKey((values: number[], sum: number | undefined) => values.length + (sum ?? 0)).output('state')
  pairs.reduceByKeyAndWindow((a, b) => a + b, '2s', '1s', { inverse: (a, b) => a - b }).output('window')
  known(ssc, (i) => [i * 1000])
    .withTimestamps((time) => time)
    .tumbling('1s')
    .count()
    .output('events')
  ssc.textFileStream(files).output('files')
  ssc.input(numbers).output('numbers')
  return { ssc, clock }
}

async function killed(): Promise<{ at: string; files: string }> {
  const at = directory()
  const lines = join(directory(), 'lines')
  mkdirSync(lines)
  const { ssc, clock } = graph(at, lines, 0)
  await ssc.start()
  for (let batch = 0; batch < 2; batch++) {
    writeFileSync(join(lines, `file-${batch}`), 'a\n')
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  return { at: asAfterKill(at, directory()), files: lines }
}

/** Changes all checkpoints and corrects their checksums. */
function change(at: string, edit: (body: Body) => void): void {
  for (const name of readdirSync(at).filter((each) => /^checkpoint-/.test(each))) {
    const path = join(at, name)
    if (name === 'checkpoint-0-1') {
      rmSync(path)
      continue
    }
    const [magic, body] = readFileSync(path, 'utf8').split('\n')
    const parsed = JSON.parse(body!) as Body
    edit(parsed)
    const text = `${JSON.stringify(parsed).replaceAll('"1e400"', '1e400')}\n`
    const [word, version] = magic!.split(' ')
    const crc = crc32(text, crc32(version!)).toString(16).padStart(8, '0')
    writeFileSync(path, `${word} ${version} ${crc}\n${text}`)
  }
}

/** The entry whose value has this field. */
const having = (entries: Entry[], field: string) =>
  entries.find(({ value }) => typeof value === 'object' && value !== null && field in value)!
const set = (entries: Entry[], field: string, value: unknown) =>
  void ((having(entries, field).value as Record<string, unknown>)[field] = value)

describe('what streams and sources saved is checked against what they save', () => {
  test.each<[string, (body: Body) => void, RegExp]>([
    [
      'a state version without a time',
      ({ progress }) => void (progress.find(({ value }) => Object.keys(value!).join() === 'time')!.value = {}),
      /progress.*time is missing/,
    ],
    [
      'progress that is no object',
      ({ progress }) => void (progress[0]!.value = 'x'),
      /progress.* is "x"; it must be an object/,
    ],
    [
      'a version between milliseconds',
      ({ progress }) => void (progress[0]!.value = { time: 1.5 }),
      /progress.* is 1.5; it must be a time/,
    ],
    [
      'a window whose batches are no list',
      ({ progress }) => set(progress, 'times', 3),
      /times is 3; it must be a list/,
    ],
    [
      'a watermark that is a text',
      ({ progress }) => set(progress, 'watermark', 'now'),
      /watermark is "now"; it must be/,
    ],
    [
      'an event time that is infinite',
      ({ progress }) => set(progress, 'latest', '1e400'),
      /latest is null; it must be|latest/,
    ],
    [
      'progress of a stream that saves none',
      ({ progress }) => void progress.push({ uid: 'numbers', value: { time: 1000 } }),
      /numbers' saves no progress/,
    ],
    [
      'a position of a stream that is no source',
      ({ positions, progress }) => void positions.push({ uid: progress[0]!.uid, value: 1 }),
      /' has no position/,
    ],
    [
      'a file list that is a text',
      ({ positions }) => set(positions, 'taken', 'all'),
      /taken is "all"; it must be a list/,
    ],
    [
      'a file without an id',
      ({ positions }) => set(positions, 'taken', [['/a', 1000, { size: 1, mtimeMs: 1 }]]),
      /taken\[0\].*id is missing/,
    ],
    [
      'a position that its source refuses',
      ({ positions }) => void (positions.find(({ value }) => value === 7)!.value = '7'),
      /numbers.*it is "7", not a number of records/,
    ],
  ])('%s', async (_, edit, message) => {
    const { at, files } = await killed()
    change(at, edit)
    const { ssc } = graph(at, files, 2000)
    await expect(ssc.start()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringMatching(message),
    })
  })

  test('unchanged, all of it is accepted', async () => {
    const { at, files: lines } = await killed()
    change(at, () => {})
    const { ssc } = graph(at, lines, 2000)
    await ssc.start()
    expect(ssc.state).toBe('ACTIVE')
  })
})
