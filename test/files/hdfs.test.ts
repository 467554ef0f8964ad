import {
  Context,
  FileSystemError,
  ManualClock,
  type MillraceError,
  SaveError,
  SourceError,
  StreamingContext,
} from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FileSystems } from '#build/files/file-systems.js'
import { HdfsService } from '../services/hdfs.js'
import { freePort } from '../services/ports.js'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'
import { fileSystemContract, write } from './contract.js'

describe.runIf(hasService('hdfs'))('HDFS', () => {
  let hdfs: HdfsService
  let ctx: Context
  const systems = new FileSystems({}, () => Promise.reject())
  let tests = 0
  beforeAll(async () => {
    hdfs = await HdfsService.start()
    ctx = new Context({ threads: 2, spare: false, maxFailures: 1 })
  })
  afterAll(async () => {
    await ctx?.stop()
    await systems.close()
    await hdfs?.[Symbol.asyncDispose]()
  })

  fileSystemContract(async () => {
    const root = `${hdfs.url}/contract/${tests++}`
    return { system: await systems.of(root), root }
  })

  test('hdfs dfs reads what we save, and we read what it puts', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${i} ü`)
    await ctx.parallelize(lines, 3).saveAsTextFile(`${hdfs.url}/out/lines`)
    expect((await hdfs.shell(['-cat', '/out/lines/part-*'])).toString()).toBe(`${lines.join('\n')}\n`)
    expect((await hdfs.shell(['-ls', '-C', '/out/lines'])).toString().trim().split('\n')).toEqual([
      '/out/lines/_SUCCESS',
      '/out/lines/part-00000',
      '/out/lines/part-00001',
      '/out/lines/part-00002',
    ])
    await hdfs.shell(['-put', '-', '/put.txt'], 'a\nb\n')
    expect(await ctx.textFile(`${hdfs.url}/put.txt`, 2).collect()).toEqual(['a', 'b'])
    expect((await ctx.textFile(`web${hdfs.url}/out/l*`, 5).collect()).sort()).toEqual([...lines].sort())
  })

  test.runIf(hasService('spark'))('executors of Spark read and write it', async () => {
    buildBridge()
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`)
    await ctx.parallelize(lines, 3).saveAsTextFile(`${hdfs.url}/spark/in`)
    await using spark = new Context(onSpark('local[2]'))
    const upper = spark.textFile(`${hdfs.url}/spark/in`, 4).map((line) => line.toUpperCase())
    expect((await upper.collect()).toSorted()).toEqual(lines.map((line) => line.toUpperCase()).toSorted())
    await upper.saveAsTextFile(`${hdfs.url}/spark/out`)
    expect((await ctx.textFile(`${hdfs.url}/spark/out`).collect()).toSorted()).toEqual(
      await upper.collect().then((all) => all.toSorted()),
    )
    await expect(spark.textFile(`${hdfs.url}/spark/none`).count()).rejects.toThrow('/spark/none')
  })

  test('object files and checkpoints of datasets', async () => {
    await ctx.parallelize<unknown>([{ a: 1 }, 'x', 3], 2).saveAsObjectFile(`${hdfs.url}/objects`)
    expect(await ctx.objectFile(`${hdfs.url}/objects`).collect()).toEqual([{ a: 1 }, 'x', 3])
    ctx.setCheckpointDir(`${hdfs.url}/checkpoints`)
    const squares = ctx
      .range(0, 6, 1, 2)
      .map((x) => x * x)
      .checkpoint()
    expect(await squares.sum()).toBe(55)
    expect(squares.getCheckpointFile()).toMatch(/^hdfs:/)
    expect(await squares.collect()).toEqual([0, 1, 4, 9, 16, 25])
  })

  test('streams resume from checkpoints there', async () => {
    const checkpointDir = `${hdfs.url}/streams`
    const seen: (number | undefined)[] = []
    for (const start of [0, 2000]) {
      const clock = new ManualClock(start)
      const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, checkpointDir })
      try {
        const next = (time: number): [string, number][] => [['n', time / 1000]]
        ssc
          .input({ kind: 'local', name: 'known', replayable: true, next })
          .updateStateByKey<number>((values, state = 0) => values.reduce((a, b) => a + b, state))
          .foreachRDD(async (rdd) => void seen.push((await rdd.collect())[0]?.[1]))
        await ssc.start()
        await clock.advance(2000)
        await ssc.awaitIdle()
      } finally {
        await ssc.stop()
      }
    }
    expect(seen.slice(-2)).toEqual([6, 10])
    expect((await hdfs.shell(['-ls', '-C', '/streams'])).toString()).toMatch(/checkpoint-4000-2/)
  })

  describe('errors say the path and what is wrong', () => {
    test('a path that is not there', async () => {
      const failed: MillraceError = await ctx
        .textFile(`${hdfs.url}/none`)
        .count()
        .then(
          () => expect.fail('it was read'),
          (error) => error,
        )
      expect(failed).toBeInstanceOf(SourceError)
      expect(failed.message).toContain(`${hdfs.url}/none`)
    })

    test('a user without permission', async () => {
      const system = await systems.of(hdfs.url)
      await write(system, `${hdfs.url}/private/a`, 'secret')
      await hdfs.shell(['-chmod', '-R', '700', '/private'])
      const alice = new Context({ threads: 1, spare: false, maxFailures: 1, fileSystems: { hdfs: { user: 'alice' } } })
      try {
        const read: MillraceError = await alice
          .textFile(`${hdfs.url}/private/a`)
          .count()
          .catch((error) => error)
        expect(read).toMatchObject({ cause: { reason: 'refused' } })
        const saved: MillraceError = await alice
          .range(3)
          .saveAsTextFile(`${hdfs.url}/private/out`)
          .catch((error) => error)
        expect(saved).toBeInstanceOf(SaveError)
        expect(saved.cause).toBeInstanceOf(FileSystemError)
        expect(saved).toMatchObject({ cause: { reason: 'refused' } })
      } finally {
        await alice.stop()
      }
    })

    test('a server that is not there', async () => {
      const nowhere = `hdfs://127.0.0.1:${await freePort()}/x`
      const token = 'secret-token'
      const own = new Context({ threads: 1, spare: false, fileSystems: { hdfs: { token, retries: 1 } } })
      try {
        const failed: MillraceError = await own
          .textFile(nowhere)
          .count()
          .catch((error) => error)
        expect(failed).toBeInstanceOf(SourceError)
        expect(failed).toMatchObject({ cause: { reason: 'unreachable' } })
        expect(
          JSON.stringify(failed, Object.getOwnPropertyNames(failed)) + (failed.cause as Error).stack,
        ).not.toContain(token)
      } finally {
        await own.stop()
      }
    })

    test('options that are not allowed', () => {
      const make = (hdfs: unknown) => () => new Context({ fileSystems: { hdfs: hdfs as never } })
      expect(make({ usr: 'x' })).toThrow(/has no option "usr". Known: user, doAs, token/)
      expect(make({ token: { secret: 'x' } })).toThrow(/token is not a text/)
      expect(make({ nameNodes: { a: 'ftp://x' } })).toThrow(/nameNodes/)
      expect(make({ timeout: 0 })).toThrow(/timeout is 0/)
      expect(make(7)).toThrow(/hdfs is 7/)
    })
  })

  test('the second NameNode is asked when the first is not there', async () => {
    const down = `http://127.0.0.1:${await freePort()}`
    const cluster = { nameNodes: { cluster: [down, hdfs.url.replace('hdfs', 'http')] } }
    const own = new Context({ threads: 1, spare: false, fileSystems: { hdfs: cluster } })
    try {
      await own.parallelize(['x'], 1).saveAsTextFile('hdfs://cluster/second')
      expect(await own.textFile('hdfs://cluster/second').collect()).toEqual(['x'])
    } finally {
      await own.stop()
    }
  })
})
