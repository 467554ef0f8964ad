import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { Context, ManualClock, type MillraceError, SaveError, SourceError, StreamingContext } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FileSystems } from '#build/files/file-systems.js'
import { signedHeaders } from '#build/files/s3/signing.js'
import { S3Service } from '../services/s3.js'
import { hasService } from '../services/service.js'
import { bytesOf, fileSystemContract, write } from './contract.js'

test('requests are signed as the example of the protocol says', () => {
  const credentials = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    sessionToken: undefined,
    region: 'us-east-1',
  }
  const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt')
  const headers = signedHeaders('GET', url, { range: 'bytes=0-9' }, credentials, new Date('2013-05-24T00:00:00Z'))
  expect(headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/20130524\/us-east-1\/s3\/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=[\da-f]{64}$/,
  )
})

test.each<[string, status: number, headers: Record<string, string>]>([
  ['answers with the whole object', 200, {}],
  ['answers with another range', 206, { 'content-range': 'bytes 0-3/10' }],
  ['does not say which range it sends', 206, {}],
])('a server that %s, asked for a part of it, is refused', async (_, status, headers) => {
  const server = createServer((_request, response) => response.writeHead(status, headers).end('0123456789'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const s3 = { endpoint: `http://127.0.0.1:${port}`, forcePathStyle: true, region: 'us-east-1' }
  const systems = new FileSystems({ s3 }, () => Promise.reject())
  try {
    const reading = bytesOf(await systems.of('s3://bucket/x'), 's3://bucket/x', { start: 4, end: 8 })
    await expect(reading).rejects.toThrow('s3://bucket/x: asked for the bytes from 4 on, the server sent others')
  } finally {
    await systems.close()
    server.close()
  }
})

describe.runIf(hasService('s3'))('S3', () => {
  let s3: S3Service
  let ctx: Context
  let systems: FileSystems
  let tests = 0
  beforeAll(async () => {
    s3 = await S3Service.start()
    systems = new FileSystems({ s3: s3.options }, () => Promise.reject())
    ctx = new Context({ threads: 2, spare: false, maxFailures: 1, fileSystems: { s3: s3.options } })
  })
  afterAll(async () => {
    await ctx?.stop()
    await systems?.close()
    await s3?.[Symbol.asyncDispose]()
  })

  fileSystemContract(async () => {
    const root = `s3://bucket/contract/${tests++}`
    return { system: await systems.of(root), root }
  })

  test('a large object is an upload of parts, and appears as a whole', async () => {
    const system = await systems.of('s3://bucket/x')
    const output = await system.create('s3://bucket/large')
    const piece = Buffer.alloc(3 << 20, 'abcdefgh')
    for (let i = 0; i < 7; i++) await output.write(piece)
    expect(await system.stat('s3://bucket/large')).toBeUndefined()
    await output.close()
    expect((await system.stat('s3://bucket/large'))!.file.size).toBe(7 * (3 << 20))
    expect(await bytesOf(system, 's3://bucket/large', { start: (21 << 20) - 8 })).toBe('abcdefgh')
  })

  test('saves are read back, refused, and replaced with no file of the one before', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`)
    await ctx.parallelize(lines, 4).saveAsTextFile('s3://bucket/out')
    expect(await ctx.textFile('s3://bucket/out', 3).collect()).toEqual(lines)
    await expect(ctx.parallelize(['x']).saveAsTextFile('s3://bucket/out')).rejects.toThrow(/overwrite: true/)
    await ctx.parallelize(['x'], 1).saveAsTextFile('s3://bucket/out', { overwrite: true })
    const system = await systems.of('s3://bucket/x')
    expect((await system.list('s3://bucket/out'))!.map(({ name }) => name).sort()).toEqual(['_SUCCESS', 'part-00000'])
    expect(await ctx.textFile('s3a://bucket/o*').collect()).toEqual(['x'])
    await ctx.parallelize<unknown>([{ a: 1 }, 2], 2).saveAsObjectFile('s3://bucket/objects')
    expect(await ctx.objectFile('s3://bucket/objects').collect()).toEqual([{ a: 1 }, 2])
  })

  test('a server that restarts delays reading and saving', async () => {
    // As many retries as a slow machine needs to start the server.
    const fileSystems = { s3: { ...s3.options, retries: 100 } }
    await using patient = new Context({ threads: 2, spare: false, maxFailures: 1, fileSystems })
    await ctx.parallelize(['a', 'b'], 2).saveAsTextFile('s3://bucket/before')
    await s3.stop('SIGKILL')
    const both = Promise.all([
      patient.textFile('s3://bucket/before').collect(),
      patient.parallelize(['c'], 1).saveAsTextFile('s3://bucket/during'),
    ])
    await s3.restart()
    expect((await both)[0]).toEqual(['a', 'b'])
    expect(await ctx.textFile('s3://bucket/during').collect()).toEqual(['c'])
  })

  test('a save that fails leaves nothing', async () => {
    const fails = ctx.parallelize(['a', 'b'], 2).map((text) => {
      if (text === 'b') throw new Error('no')
      return text
    })
    await expect(fails.saveAsTextFile('s3://bucket/failed')).rejects.toThrow('no')
    expect(await (await systems.of('s3://bucket/x')).list('s3://bucket/failed')).toBeUndefined()
  })

  test('a stream reads new objects, saves batches and resumes from checkpoints', async () => {
    const system = await systems.of('s3://bucket/x')
    // Files are older than the batches that read them, however long those take.
    const base = Math.ceil(Date.now() / 1000 + 3600) * 1000
    const fileSystems = { s3: s3.options }
    const totals: unknown[] = []
    for (const run of [0, 1]) {
      const clock = new ManualClock(base + run * 2000)
      const options = { batchInterval: 1000, threads: 1, spare: false, clock, fileSystems }
      const ssc = new StreamingContext({ ...options, checkpointDir: 's3://bucket/checkpoints' })
      try {
        const lines = ssc.textFileStream('s3://bucket/in', { newFilesOnly: false, minRemember: 7_200_000 })
        lines.saveAsTextFiles('s3://bucket/saved/batch')
        lines
          .map((line): [string, number] => ['n', Number(line)])
          .updateStateByKey<number>((values, state = 0) => values.reduce((a, b) => a + b, state))
          .foreachRDD(async (rdd) => void totals.push((await rdd.collect())[0]?.[1]))
        await ssc.start()
        for (const n of [1, 2]) {
          await write(system, `s3://bucket/in/${run}-${n}`, `${run * 2 + n}\n`)
          await clock.advance(1000)
          await ssc.awaitIdle()
        }
      } finally {
        await ssc.stop()
      }
    }
    expect(totals.slice(-2)).toEqual([6, 10])
    const saved = await ctx.textFile('s3://bucket/saved/*').collect()
    expect(saved.sort()).toEqual(['1', '2', '3', '4'])
  })

  test.each([
    ['credentials that are refused', { secretAccessKey: 'wrong-secret' }, 's3://bucket/out', 'refused'],
    ['a bucket that is not there', {}, 's3://no-bucket/out', 'missing'],
    ['a server that is not there', { endpoint: 'http://127.0.0.1:1', retries: 0 }, 's3://bucket/out', 'unreachable'],
  ])('%s: an error with a reason and without secrets', async (_, options, path, reason) => {
    const given = { ...s3.options, ...options }
    const own = new Context({ threads: 1, spare: false, maxFailures: 1, fileSystems: { s3: given } })
    try {
      const saved: MillraceError = await own
        .range(3)
        .saveAsTextFile(`${path}-x`)
        .catch((error) => error)
      expect(saved).toBeInstanceOf(SaveError)
      expect(saved.cause).toMatchObject({ code: 'ERR_MILLRACE_FILE_SYSTEM', reason })
      const read: MillraceError = await own
        .textFile(path)
        .count()
        .catch((error) => error)
      expect(read).toBeInstanceOf(SourceError)
      expect(inspect([saved, read], { depth: 20, showHidden: true })).not.toContain(given.secretAccessKey)
    } finally {
      await own.stop()
    }
  })

  test('options that are not allowed', () => {
    const make = (given: unknown) => () => new Context({ fileSystems: { s3: given as never } })
    expect(make({ secret: 'x' })).toThrow(/has no option "secret". Known: endpoint, region/)
    expect(make({ secretAccessKey: 5 })).toThrow(/secretAccessKey is not a text/)
    expect(make({ endpoint: 'http://user:pass@host' })).toThrow(/endpoint is not the URL of a server/)
    expect(make({ partBytes: 1 })).toThrow(/partBytes is 1/)
    expect(make(7)).toThrow(/s3 is 7/)
  })
})
