import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { asAfterKill, known, listed, scratch } from './support.js'

const { directory, manual } = scratch()

function counting(at: string, from: number) {
  const { ssc, clock, log } = manual(from, { checkpointDir: at })
  const sums = listed(
    known(ssc, (i) => [i])
      .map((n) => ['sum', n] as [string, number])
      .updateStateByKey((values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)),
  )
  known(ssc, (i) => [i])
    .countByWindow('2s', '1s')
    .output('window')
  return { ssc, clock, log, sums }
}

/** A directory as a process leaves it that was killed after so many batches. */
async function killedAfter(batches: number): Promise<string> {
  const at = directory()
  const { ssc, clock } = counting(at, 0)
  await ssc.start()
  for (let batch = 0; batch < batches; batch++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  const left = asAfterKill(at, directory())
  // That of the start, which has no state yet.
  rmSync(join(left, 'checkpoint-0-1'))
  return left
}

type Body = Record<string, unknown> & {
  operations: Record<string, unknown>[]
  states: { uid: string; snapshots: { block: Record<string, unknown> }[] }[]
  rdds: Record<string, unknown>[]
}

/** Changes checkpoints and corrects their checksums. */
function change(at: string, edit: (body: Body) => void, only = /^checkpoint-/): void {
  for (const file of readdirSync(at).filter((each) => only.test(each))) {
    const path = join(at, file)
    const [magic, body] = readFileSync(path, 'utf8').split('\n')
    const parsed = JSON.parse(body!) as Body
    edit(parsed)
    // JSON has no Infinity; a number like 1e400 is read as one.
    const text = `${JSON.stringify(parsed).replaceAll('"1e400"', '1e400')}\n`
    const [name, version] = magic!.split(' ')
    const crc = crc32(text, crc32(version!)).toString(16).padStart(8, '0')
    writeFileSync(path, `${name} ${version} ${crc}\n${text}`)
  }
}

const rateOf = (measured: object) => ({ uid: 'known (1 of 2)', rate: 1, measured })
const block = (body: Body) => body.states[0]!.snapshots[0]!.block

describe('metadata that no context writes is refused, although its checksum is right', () => {
  test.each<[string, (body: Body) => void]>([
    ['a time that is a text', (body) => void (body.time = 'x')],
    ['a time beyond all dates', (body) => void (body.time = 1e300)],
    ['an infinite time', (body) => void (body.time = '1e400')],
    ['a negative time', (body) => void (body.time = -1000)],
    ['a time between milliseconds', (body) => void (body.time = 1000.5)],
    ['a time of no batch', (body) => void (body.time = 2500)],
    ['no time', (body) => delete body.time],
    ['a zero time after the time', (body) => void (body.zeroTime = 100_000)],
    ['a zero time that is null', (body) => void (body.zeroTime = null)],
    ['an end that is no flag', (body) => void (body.ended = 'no')],
    ['no operations', (body) => delete body.operations],
    ['an operation twice', (body) => void body.operations.push(body.operations[0]!)],
    ['a state of other partitions', (body) => void body.states.push({ ...body.states[0]!, partition: 7 })],
    ['a state of another version', (body) => void Object.assign(body.states[0]!, { version: 0 })],
    ['no rates', (body) => delete body.rates],
    ['a rate of 0', (body) => void (body.rates = [{ uid: 'known (1 of 2)', rate: 0, measured: null }])],
    ['an infinite measured rate', (body) => void (body.rates = [rateOf({ time: 1, rate: '1e400', error: 0 })])],
    ['a measurement without a time', (body) => void (body.rates = [rateOf({ rate: 1, error: 0 })])],
    ['a rate of a stream that does not exist', (body) => void (body.rates = [{ uid: 'x', rate: 1, measured: null }])],
    ['states that are no list', (body) => void (body.states = {} as never)],
    ['a state of a stream that does not exist', (body) => void Object.assign(body.states[0]!, { uid: 'x' })],
    ['a partition below 0', (body) => void Object.assign(body.states[0]!, { partition: -1 })],
    ['a version that is a text', (body) => void Object.assign(body.states[0]!, { version: 'x' })],
    ['a file outside of the directory', (body) => void (block(body).file = '../../etc/passwd')],
    ['a file by an absolute path', (body) => void (block(body).file = '/etc/passwd')],
    ['a file that is not a data file', (body) => void (block(body).file = 'owner-1')],
    ['a file that is a number', (body) => void (block(body).file = 7)],
    ['an offset below 0', (body) => void (block(body).offset = -1)],
    ['a length beyond the file', (body) => void (block(body).length = 2 ** 40)],
    ['a codec that does not exist', (body) => void (block(body).codec = 'gif')],
    ['a count that is a text', (body) => void (block(body).count = 'many')],
    ['a checksum that is no number', (body) => void (block(body).crc = null)],
    ['a dataset of a stream that does not exist', (body) => void Object.assign(body.rdds[0]!, { uid: 'x' })],
    ['a dataset without partitions', (body) => void Object.assign(body.rdds[0]!, { partitions: 3 })],
    [
      'progress beyond all dates',
      (body) => void (body.progress = [{ uid: body.states[0]!.uid, value: { time: '1e400' } }]),
    ],
    ['no object at all', (body) => void Object.keys(body).forEach((name) => delete body[name])],
  ])('%s', async (_, edit) => {
    const at = await killedAfter(2)
    change(at, edit)
    const { ssc } = counting(at, 2000)
    await expect(ssc.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
  })

  test('the error names the field, its value and what is allowed; an older checkpoint counts instead', async () => {
    const at = await killedAfter(3)
    change(at, (body) => void (body.time = 'x'), /^checkpoint-3000/)
    const { ssc, clock, log, sums } = counting(at, 3000)
    await ssc.start()
    await ssc.awaitIdle()
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(sums.map(([time, records]) => [time, records])).toEqual([
      [3000, [['sum', 6]]],
      [4000, [['sum', 10]]],
    ])
    expect(log.join()).toMatch(/checkpoint-3000-1 cannot be read/)
    change(at, (body) => void (body.time = 'x'))
    await expect(counting(asAfterKill(at, directory()), 4000).ssc.start()).rejects.toThrow(
      /its field time is "x"; it must be a time in ms, a whole number from 0 to/,
    )
  })
})
