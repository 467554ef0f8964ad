import { mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ManualClock, StreamingContext } from 'millrace'
import { memoryFiles } from 'millrace/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { encode } from './slices.js'
import { context, file, folder, parts } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

const people = Array.from({ length: 1000 }, (_, i) => ({ id: i, name: `p "${i}"`, ok: i % 2 === 0 }))
const types = { id: 'number', ok: 'boolean' } as const
type Person = (typeof people)[number]
const byId = (a: Person, b: Person) => a.id - b.id

describe('what a dataset writes, another reads', () => {
  test('as JSON lines, plain and compressed', async () => {
    const ctx = context({ threads: 2 })
    const path = join(folder(), 'json')
    await ctx.parallelize(people, 3).saveAsJsonFile(path)
    expect(parts(path).map(({ name }) => name)).toEqual([0, 1, 2].map((i) => `part-0000${i}.json`))
    expect(await ctx.jsonFile<Person>(path, { minPartitions: 5 }).collect()).toEqual(people)
    await ctx.parallelize(people, 2).saveAsJsonFile(path, { overwrite: true, compression: 'gzip' })
    expect(parts(path).map(({ name }) => name)).toEqual([0, 1].map((i) => `part-0000${i}.json.gz`))
    expect(await ctx.jsonFile<Person>(path, { minPartitions: 5 }).collect()).toEqual(people)
  })

  test('as CSV', async () => {
    const ctx = context({ threads: 2 })
    const path = join(folder(), 'csv')
    await ctx.parallelize(people, 3).saveAsCsvFile(path)
    expect(parts(path)[0]!.bytes.toString()).toMatch(/^id,name,ok\n0,"p ""0""",true\n1/)
    expect(await ctx.csvFile<Person>(path, { types }).collect()).toEqual(people)
    expect(await ctx.csvFile<Person>(path, { types, multiLine: false, minPartitions: 7 }).collect()).toEqual(people)
  })

  test('as Parquet', async () => {
    const ctx = context({ threads: 2 })
    const path = join(folder(), 'parquet')
    await ctx.parallelize(people, 3).saveAsParquetFile(path, { rowGroupSize: 100 })
    expect(await ctx.parquetFile<Person>(path, { minPartitions: 7 }).collect()).toEqual(people)
  })

  test('as SequenceFiles', async () => {
    const ctx = context({ threads: 2 })
    const pairs = people.map(({ id, name }): [string, number] => [name, id])
    for (const compression of ['none', 'record', 'block'] as const) {
      const path = join(folder(), 'sequence')
      await ctx.parallelize(pairs, 3).saveAsSequenceFile(path, { compression, value: 'IntWritable' })
      expect(parts(path).map(({ name }) => name)).toEqual([0, 1, 2].map((i) => `part-0000${i}`))
      expect(await ctx.sequenceFile<string, number>(path, { minPartitions: 4 }).collect()).toEqual(pairs)
    }
  })

  test('as lines of key, tab and value, and as SequenceFiles, as Hadoop does', async () => {
    const ctx = context()
    const pairs = [
      ['a', 1],
      ['b', { c: 2 }],
      [null, 'x'],
      ['y', null],
    ] as [string | null, unknown][]
    const path = join(folder(), 'out')
    await ctx.parallelize(pairs, 1).saveAsHadoopFile(path)
    expect(parts(path)).toEqual([{ name: 'part-00000', bytes: Buffer.from('a\t1\nb\t{"c":2}\nx\ny\n') }])
    await ctx
      .parallelize([['a', 1]] as [string, number][], 1)
      .saveAsHadoopFile(path, { format: 'sequence', overwrite: true })
    expect(await ctx.sequenceFile(path).collect()).toEqual([['a', 1]])
  })
})

test('whole files, also empty ones, and records of bytes', async () => {
  const ctx = context()
  const path = folder()
  writeFileSync(join(path, 'a'), '\ufeffone\ntwo')
  writeFileSync(join(path, 'b'), '')
  writeFileSync(join(path, 'c.gz'), gzipSync('three'))
  const texts = [
    [join(path, 'a'), 'one\ntwo'],
    [join(path, 'b'), ''],
    [join(path, 'c.gz'), 'three'],
  ]
  for (const partitions of [1, 2, 9]) expect(await ctx.wholeTextFiles(path, partitions).collect()).toEqual(texts)
  const bytes = await ctx
    .binaryFiles(path)
    .mapValues((all) => all.length)
    .values()
    .collect()
  expect(bytes).toEqual([10, 0, gzipSync('three').length])
  const records = file('records', Buffer.from([1, 2, 3, 4, 5, 6]))
  expect(
    await ctx
      .binaryRecords(records, 2)
      .map((record) => [...record])
      .collect(),
  ).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
})

test('files of another file system', async () => {
  const files = memoryFiles()
  const ctx = context({ threads: 2, fileSystems: { memory: files.system } })
  const names = { json: 'a.json', csv: 'a.csv', sequence: 'a.seq' }
  const root = 'memory://m'
  const put = (name: string, bytes: Uint8Array) => files.write(`${root}/${name}`, bytes)
  const pairs = people.map(({ id, name }) => [name, id])
  put(names.json, encode('json', people))
  put('b.json.gz', gzipSync(encode('json', people)))
  put(names.csv, encode('csv', people))
  put(names.sequence, encode('sequence', pairs, { compression: 'block' }))
  expect(await ctx.jsonFile(`${root}/*.json`, { minPartitions: 7 }).collect()).toEqual(people)
  expect(await ctx.jsonFile(`${root}/b.json.gz`).collect()).toEqual(people)
  expect(await ctx.csvFile(`${root}/a.csv`, { types }).collect()).toEqual(people)
  expect(await ctx.csvFile(`${root}/a.csv`, { types, multiLine: false, minPartitions: 5 }).collect()).toEqual(people)
  expect(await ctx.sequenceFile(`${root}/a.seq`, { minPartitions: 3 }).collect()).toEqual(pairs)
  expect(await ctx.wholeTextFiles(`${root}/a.csv`).values().collect()).toEqual([encode('csv', people).toString()])
  files.close()
})

describe('a record that cannot be read', () => {
  const broken = 'a,b\n1,2\n3\n4,5\nx"y,6\n'
  test('fails the job with file and byte', async () => {
    const path = file('x.csv', broken)
    const error = await context()
      .csvFile(path)
      .collect()
      .catch((e: Error) => e)
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_TASK_FAILED', cause: { code: 'ERR_MILLRACE_SOURCE' } })
    expect(String((error as Error).cause)).toContain(`The record at byte 8 of ${path} has 1 fields, not 2: "3"`)
  })
  test('is skipped and counted, or kept', async () => {
    const ctx = context()
    const path = file('x.csv', broken)
    expect(await ctx.csvFile(path, { onRecordError: 'skip' }).collect()).toEqual([
      { a: '1', b: '2' },
      { a: '4', b: '5' },
    ])
    expect([...ctx.deadLetters.counts]).toEqual([['csvFile', 2]])
    expect(ctx.deadLetters.latest).toEqual([])
    await ctx.csvFile(path, { onRecordError: 'dead-letter' }).count()
    expect(ctx.deadLetters.latest.map(({ record }) => record)).toEqual([
      { path, offset: 8, text: '3' },
      { path, offset: 14, text: 'x"y,6' },
    ])
  })
})

describe('a wrong option names what is allowed', () => {
  test.each([
    [
      /jsonFile: unknown option 'header'. Known: minPartitions, onRecordError\./,
      (ctx: ReturnType<typeof context>) => ctx.jsonFile('x', { header: true } as object),
    ],
    [
      /csvFile: unknown option 'seperator'. Known: header, columns, .*, multiLine, minPartitions, onRecordError\./,
      (ctx) => ctx.csvFile('x', { seperator: ';' } as object),
    ],
    [/csvFile: delimiter is "ab"; it must be one character/, (ctx) => ctx.csvFile('x', { delimiter: 'ab' })],
    [
      /type of column 'a' is "int"; it must be one of text, number/,
      (ctx) => ctx.csvFile('x', { types: { a: 'int' as never } }),
    ],
    [/csvFile: onRecordError is "drop"/, (ctx) => ctx.csvFile('x', { onRecordError: 'drop' as never })],
    [/binaryRecords: recordLength is 0/, (ctx) => ctx.binaryRecords('x', 0)],
    [/sequenceFile: longs is "text"/, (ctx) => ctx.sequenceFile('x', { longs: 'text' as never })],
    [/minPartitions|partitions/, (ctx) => ctx.jsonFile('x', { minPartitions: 0 })],
    [/jsonFile got null/, (ctx) => ctx.jsonFile('x', null as never)],
  ])('%s', (message, run) => {
    expect(() => run(context())).toThrow(message)
  })
  test.each([
    [
      /saveAsCsvFile: unknown option 'types'. Known: header, columns, delimiter, quote, compression, overwrite\./,
      (ctx: ReturnType<typeof context>) => ctx.parallelize([{}]).saveAsCsvFile('x', { types } as object),
    ],
    [
      /saveAsJsonFile: compression is "zip"; it must be 'none' or 'gzip'/,
      (ctx) => ctx.parallelize([1]).saveAsJsonFile('x', { compression: 'zip' as never }),
    ],
    [
      /saveAsHadoopFile: unknown option 'key'. Known: compression, format, overwrite\./,
      (ctx) => ctx.parallelize([[1, 2]] as [number, number][]).saveAsHadoopFile('x', { key: 'Text' } as object),
    ],
    [
      /saveAsHadoopFile: format is "avro"; it must be 'text' or 'sequence'/,
      (ctx) => ctx.parallelize([[1, 2]] as [number, number][]).saveAsHadoopFile('x', { format: 'avro' as never }),
    ],
    [
      /saveAsSequenceFile: key is "String"; it must be one of Text/,
      (ctx) => ctx.parallelize([[1, 2]] as [number, number][]).saveAsSequenceFile('x', { key: 'String' as never }),
    ],
  ])('%s', async (message, run) => {
    await expect(run(context())).rejects.toThrow(message)
  })
})

describe('streams of files', () => {
  function stream() {
    const clock = new ManualClock(100_000)
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, maxFailures: 2 })
    open.push(ssc)
    const directory = join(folder(), 'in')
    mkdirSync(directory)
    const put = (name: string, content: string | Buffer) => {
      writeFileSync(join(directory, `.${name}`), content)
      utimesSync(join(directory, `.${name}`), clock.now() / 1000, clock.now() / 1000)
      renameSync(join(directory, `.${name}`), join(directory, name))
    }
    const tick = async () => {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    return { ssc, directory, put, tick }
  }

  test('JSON lines, in ranges; bad lines go to dead letters', async () => {
    const { ssc, directory, put, tick } = stream()
    const batches: Person[][] = []
    const read = ssc.fileStream<Person>(directory, {
      format: 'json',
      splitBytes: 500,
      newFilesOnly: false,
      onRecordError: 'dead-letter',
    })
    read.foreachRDD(async (rdd) => void batches.push(await rdd.collect()))
    const letters: unknown[] = []
    read.deadLetters().foreachRDD(async (rdd) => void letters.push(...(await rdd.collect())))
    await ssc.start()
    put('a.json', encode('json', people))
    put('b.json', '{"id":')
    await tick()
    await tick()
    expect(batches.map((batch) => batch.sort(byId))).toEqual([people, []])
    expect(letters).toMatchObject([{ record: { path: join(directory, 'b.json'), offset: 0, text: '{"id":' } }])
  })

  test('Parquet, CSV, SequenceFiles and records of bytes', async () => {
    const { ssc, directory, put, tick } = stream()
    const common = { newFilesOnly: false }
    const filter = (ending: string) => (name: string) => name.endsWith(ending)
    const found: Record<string, unknown[]> = { parquet: [], csv: [], sequence: [], binary: [] }
    ssc
      .fileStream<Person>(directory, { ...common, format: 'csv', types, filter: filter('csv') })
      .foreachRDD(async (rdd) => void found.csv!.push(...(await rdd.collect())))
    ssc
      .fileStream<{ id: number }>(directory, {
        ...common,
        format: 'parquet',
        columns: ['id'],
        filter: filter('parquet'),
        splitBytes: 5000,
      })
      .foreachRDD(async (rdd) => void found.parquet!.push(...(await rdd.collect())))
    ssc
      .fileStream<[string, number]>(directory, {
        ...common,
        format: 'sequence',
        filter: filter('seq'),
        splitBytes: 300,
      })
      .foreachRDD(async (rdd) => void found.sequence!.push(...(await rdd.collect())))
    ssc
      .binaryRecordsStream(directory, 2, { ...common, filter: filter('bin'), splitBytes: 3 })
      .map((record) => [...record])
      .foreachRDD(async (rdd) => void found.binary!.push(...(await rdd.collect())))
    await ssc.start()
    put('a.parquet', readFileSync(new URL('../fixtures/formats/rows-snappy.parquet', import.meta.url)))
    put('a.csv', encode('csv', people))
    put(
      'a.seq',
      encode('sequence', [
        ['a', 1],
        ['b', 2],
      ]),
    )
    put('a.bin', Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]))
    await tick()
    expect(found).toEqual({
      parquet: people.slice(0, 300).map(({ id }) => ({ id })),
      csv: people,
      sequence: [
        ['a', 1],
        ['b', 2],
      ],
      binary: [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    })
  })

  test('batches are saved in each format', async () => {
    const { ssc, directory, tick } = stream()
    const pairs = ssc.queueStream<[string, number]>([[['a', 1]]])
    const prefix = (name: string) => join(directory, name)
    pairs.map(([key, n]) => ({ key, n })).saveAsJsonFiles(prefix('json'))
    pairs.map(([key, n]) => ({ key, n })).saveAsCsvFiles(prefix('csv'), 'x', { delimiter: ';' })
    pairs.map(([key, n]) => ({ key, n })).saveAsParquetFiles(prefix('parquet'))
    pairs.saveAsSequenceFiles(prefix('sequence'), '', { compression: 'block' })
    pairs.saveAsHadoopFiles(prefix('hadoop'))
    await ssc.start()
    const time = ssc.context ? await firstTime(ssc, tick) : 0
    const ctx = context()
    expect(await ctx.jsonFile(prefix(`json-${time}`)).collect()).toEqual([{ key: 'a', n: 1 }])
    expect(await ctx.csvFile(prefix(`csv-${time}.x`), { delimiter: ';' }).collect()).toEqual([{ key: 'a', n: '1' }])
    expect(await ctx.parquetFile(prefix(`parquet-${time}`)).collect()).toEqual([{ key: 'a', n: 1 }])
    expect(await ctx.sequenceFile(prefix(`sequence-${time}`)).collect()).toEqual([['a', 1]])
    expect(await ctx.textFile(prefix(`hadoop-${time}`)).collect()).toEqual(['a\t1'])
  })

  async function firstTime(ssc: StreamingContext, tick: () => Promise<void>): Promise<number> {
    const times: number[] = []
    ssc.on('batchCompleted', ({ time }) => times.push(time))
    await tick()
    return times[0]!
  }
})
