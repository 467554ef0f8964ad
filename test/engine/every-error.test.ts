import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type DStream, type InputSource, MillraceError, SaveError, type StreamingContext } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { manual } from './support.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
/** Returns a path that cannot be written, whichever user runs the tests. */
function belowAFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'every-error-'))
  folders.push(folder)
  writeFileSync(join(folder, 'file'), '')
  return join(folder, 'file', 'out')
}

/** The error that ends the streams in their first batch. */
async function endOf(build: (ssc: StreamingContext) => void): Promise<unknown> {
  const { ssc, clock } = manual({ threads: 1, spare: false })
  build(ssc)
  await ssc.start()
  const ended = ssc.awaitTermination().then(
    () => undefined,
    (error: unknown) => error,
  )
  await clock.advance(1000)
  return ended
}

describe('what the function of an output operation throws', () => {
  const failure = Object.assign(new RangeError('database is locked'), { errno: 5 })
  const given: [string, (stream: DStream<number>) => void, unknown, string][] = [
    [
      'an error',
      (stream) =>
        stream.foreachRDD(() => {
          throw failure
        }),
      failure,
      'database is locked',
    ],
    ['a rejection', (stream) => stream.foreachRDD(() => Promise.reject(failure)), failure, 'database is locked'],
    ['a text', (stream) => stream.foreachRDD(() => Promise.reject('no room')), 'no room', 'no room'],
    ['an object', (stream) => stream.foreachRDD(() => Promise.reject({ status: 503 })), { status: 503 }, '503'],
    ['null', (stream) => stream.foreachRDD(() => Promise.reject(null)), null, 'null'],
  ]
  test.each(given)('%s becomes the cause; batch, output and call are named', async (_, output, cause, text) => {
    const error = (await endOf((ssc) => output(ssc.queueStream([[1]])))) as MillraceError
    expect(error).toBeInstanceOf(MillraceError)
    expect(error).toMatchObject({
      name: 'OutputFailedError',
      code: 'ERR_MILLRACE_OUTPUT_FAILED',
      cause,
      details: {
        batchTime: 1000,
        operation: 'foreachRDD',
        output: 0,
        callSite: expect.stringMatching(/every-error\.test\.ts:\d+:\d+$/),
      },
    })
    expect(error.message).toContain(text)
    expect(error.message).toContain('batch 1000 ms')
    expect(error.message).toContain(String(error.details.callSite))
  })

  test('the first frame of the stack is the user line that threw', async () => {
    const error = (await endOf((ssc) =>
      ssc.queueStream([[1]]).foreachRDD(function mySink() {
        throw new Error('no')
      }),
    )) as Error
    expect(error.stack!.split('\n').find((line) => /^\s+at /.test(line))).toMatch(/every-error\.test\.ts/)
  })

  test('errors of Millrace stay as they are', async () => {
    const error = await endOf((ssc) =>
      ssc.queueStream([[1]]).foreachRDD((rdd) => {
        rdd.sample(false, -1)
      }),
    )
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_ARGUMENT' })
  })

  test('events and skipped batches have the same error', async () => {
    const { ssc, clock } = manual({
      threads: 1,
      spare: false,
      onBatchError: 'skip',
      outputRetries: { attempts: 2, delay: 1 },
    })
    await using _ = ssc
    ssc.queueStream([[1]]).foreachRDD(() => Promise.reject(failure))
    const seen: unknown[] = []
    ssc.on('outputRetried', ({ error }) => seen.push(error))
    ssc.on('batchCompleted', ({ outputs }) => seen.push(outputs[0]!.error))
    ssc.on('batchSkipped', ({ error }) => seen.push(error))
    await ssc.start()
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(seen).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ code: 'ERR_MILLRACE_OUTPUT_FAILED' })),
    )
  })
})

describe('saves to where nothing can be written', () => {
  test.each(['saveAsTextFile', 'saveAsObjectFile'] as const)('%s', async (method) => {
    await using ctx = new Context({ threads: 1, spare: false })
    const path = belowAFile()
    for (const options of [{}, { overwrite: true }]) {
      const save = ctx.parallelize(['a'])[method](path, options)
      await expect(save).rejects.toBeInstanceOf(SaveError)
      await expect(save).rejects.toMatchObject({
        code: 'ERR_MILLRACE_SAVE',
        message: expect.stringContaining(path),
        cause: { code: 'ERR_MILLRACE_FILE_SYSTEM', cause: { code: expect.stringMatching(/ENOTDIR|EEXIST/) } },
      })
    }
  })

  test.each(['saveAsTextFiles', 'saveAsObjectFiles'] as const)('%s', async (method) => {
    const path = belowAFile()
    expect(await endOf((ssc) => ssc.queueStream([['a']])[method](path))).toMatchObject({
      code: 'ERR_MILLRACE_SAVE',
      details: { path: `${path}-1000` },
      cause: { code: 'ERR_MILLRACE_FILE_SYSTEM', cause: { code: expect.stringMatching(/ENOTDIR|EEXIST/) } },
    })
  })

  test('a dataset that is to be checkpointed there', async () => {
    await using ctx = new Context({ threads: 1, spare: false })
    ctx.setCheckpointDir(belowAFile())
    const rdd = ctx.parallelize([1])
    rdd.checkpoint()
    await expect(rdd.count()).rejects.toMatchObject({ code: 'ERR_MILLRACE_SAVE' })
  })
})

describe('errors of sources', () => {
  const fault = new Error('the broker is gone')
  const throws = (): never => {
    throw fault
  }
  const reader = { open: async () => {}, next: async () => ({ partitions: [] }), close: async () => {} }
  const receiver = { start: async () => {}, stop: async () => {} }
  const final = Object.assign(new Error('bad credentials'), { details: { final: true } })
  const sources: Record<string, [InputSource<unknown>, unknown]> = {
    'direct create': [{ kind: 'direct', name: 'mine', create: throws }, fault],
    'direct open': [{ kind: 'direct', name: 'mine', create: () => ({ ...reader, open: throws }) }, fault],
    'direct next': [{ kind: 'direct', name: 'mine', create: () => ({ ...reader, next: throws }) }, fault],
    'local next': [{ kind: 'local', name: 'mine', next: throws }, fault],
    'receiver create': [{ kind: 'receiver', name: 'mine', codec: 'records', create: throws }, fault],
    'receiver start': [
      {
        kind: 'receiver',
        name: 'mine',
        codec: 'records',
        create: () => ({ ...receiver, start: () => Promise.reject(final) }),
      },
      final,
    ],
  }
  test.each(Object.keys(sources))('%s', async (name) => {
    const [source, cause] = sources[name]!
    const error = await endOf((ssc) => ssc.input(source).output('out')).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_SOURCE', cause, details: { source: 'mine' } })
    expect((error as Error).message).toContain((cause as Error).message)
  })

  test('receiver stop', async () => {
    const { ssc } = manual({ threads: 1, spare: false })
    const create = () => ({ ...receiver, stop: throws })
    ssc.input({ kind: 'receiver', name: 'mine', codec: 'records', create }).output('out')
    await ssc.start()
    const ended = expect(ssc.awaitTermination()).rejects.toMatchObject({ code: 'ERR_MILLRACE_SOURCE', cause: fault })
    await expect(ssc.stop()).rejects.toMatchObject({ code: 'ERR_MILLRACE_SOURCE', cause: fault })
    await ended
  })
})

test('the function of transform: its error arrives as it is', async () => {
  const fault = new RangeError('error in transform')
  const error = await endOf((ssc) =>
    ssc
      .queueStream([[1]])
      .transform(() => {
        throw fault
      })
      .output('out'),
  )
  expect(error).toBe(fault)
})
