import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { type InputSource, ManualClock, StreamingContext, type StreamingOptions } from 'millrace'
import { kafkaSource } from 'millrace/kafka'
import { postgresTableSource } from 'millrace/postgres'
import { sqliteTableSource } from 'millrace/sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { millrace } from '../cli/command.js'
import { batches, results } from '../engine/replay/support.js'
import { hasService } from '../services/service.js'
import { KafkaTests } from './kafka-support.js'
import { PostgresTests } from './postgres-support.js'

const open: StreamingContext[] = []
const directories: string[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

function newDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-replay-'))
  directories.push(path)
  return path
}

interface Row {
  readonly id: number
  readonly name: string
}

const textOf = (record: unknown) => (typeof record === 'string' ? record : (record as Row).name)

/** A context that counts the records of a source by their texts. */
function counting(source: InputSource<unknown>, options: Partial<StreamingOptions> = {}) {
  const clock = new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, ...options })
  open.push(ssc)
  ssc
    .input(source)
    .map(textOf)
    .countByValue()
    .foreachRDD(() => {})
  return { ssc, clock }
}

/** Runs two batches, of the texts a to c and of d to f, and stops. Returns the checkpoint directory. */
async function recorded(source: InputSource<unknown>, send: (texts: readonly string[]) => unknown): Promise<string> {
  const checkpointDir = newDirectory()
  const owner = counting(source, { checkpointDir, replayRetention: '1h' })
  await owner.ssc.start()
  await batches(owner, 2, (time) => send(time === 1000 ? ['a', 'b', 'c'] : ['d', 'e', 'f']))
  await owner.ssc.stop()
  return checkpointDir
}

async function replayed(directory: string, source: InputSource<unknown>, batch: number) {
  const { ssc } = counting(source)
  const replay = await ssc.replay(directory, { batch })
  expect(replay.inputs.map(({ records }) => records)).toEqual([replay.outputs[0]!.records.length])
  return results(replay)
}

const ones = (...texts: string[]) => texts.map((text) => [text, 1])

/** Replays a batch by the command. Returns the result of its output. */
async function byCommand(directory: string, batch: number, params: Readonly<Record<string, string>>): Promise<unknown> {
  const given = Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`])
  const args = ['replay', directory, 'replayed-connectors.mjs', '--batch', String(batch), '--threads', '1', '--json']
  const command = millrace(...args, ...given)
  const { signal } = await command.ended
  expect(signal, command.stderr).toBeNull()
  return (command.objects()[0] as { outputs: { result: string }[] } | undefined)?.outputs.map(({ result }) => result)
}

describe.runIf(hasService('kafka'))('a batch of Kafka', () => {
  const on = new KafkaTests()

  test('has the records of its offsets again, and commits none', async () => {
    const topic = await on.newTopic()
    const group = `group-${topic}`
    const source = () => kafkaSource({ brokers: on.kafka.broker, topics: topic, start: 'earliest', group })
    const send = (texts: readonly string[]) =>
      on.producer.send({ topic, messages: texts.map((value, i) => ({ partition: i % 2, value })) })
    const directory = await recorded(source(), send)
    const committed = await on.committedOffset(group, topic)
    await send(['later'])
    expect(await replayed(directory, source(), 2000)).toEqual([['same', ones('d', 'e', 'f')]])
    expect(await replayed(directory, source(), 1000)).toEqual([['same', ones('a', 'b', 'c')]])
    expect(await byCommand(directory, 2000, { brokers: on.kafka.broker, topic })).toEqual(['same'])
    expect(await on.committedOffset(group, topic)).toBe(committed)
  })

  test('whose records the topic has deleted cannot be replayed, which the error says', async () => {
    const topic = await on.newTopic(1)
    const source = () => kafkaSource({ brokers: on.kafka.broker, topics: topic, start: 'earliest' })
    const send = (texts: readonly string[]) => on.producer.send({ topic, messages: texts.map((value) => ({ value })) })
    const directory = await recorded(source(), send)
    on.kafka.removeRecords(topic, 4)
    await expect(replayed(directory, source(), 2000)).rejects.toThrow('Offsets 3 to 3 of partition 0')
    await expect(replayed(directory, source(), 1000)).rejects.toThrow('Offsets 0 to 2 of partition 0')
  })
})

describe('a batch of a table of SQLite', () => {
  test('has the rows of its keys again, as they are now', async () => {
    const path = join(newDirectory(), 'data.db')
    const database = new DatabaseSync(path)
    try {
      database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)')
      const insert = database.prepare('INSERT INTO t (name) VALUES (?)')
      const send = (texts: readonly string[]) => texts.forEach((text) => void insert.run(text))
      const source = () => sqliteTableSource<Row>({ path, table: 't', key: 'id' })
      const directory = await recorded(source(), send)
      send(['later'])
      expect(await replayed(directory, source(), 2000)).toEqual([['same', ones('d', 'e', 'f')]])
      expect(await replayed(directory, source(), 1000)).toEqual([['same', ones('a', 'b', 'c')]])
      expect(await byCommand(directory, 2000, { path })).toEqual(['same'])
      database.exec("UPDATE t SET name = 'changed' WHERE name = 'd'; DELETE FROM t WHERE name = 'a'")
      expect(await replayed(directory, source(), 2000)).toEqual([['different', ones('changed', 'e', 'f')]])
      expect(await replayed(directory, source(), 1000)).toEqual([['different', ones('b', 'c')]])
      expect(await byCommand(directory, 2000, { path })).toEqual(['different'])
    } finally {
      database.close()
    }
  })
})

describe.runIf(hasService('postgres'))('a batch of a table of PostgreSQL', () => {
  const on = new PostgresTests()

  test('has the rows of its keys again', async () => {
    const table = await on.newTable('id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text')
    const send = (texts: readonly string[]) =>
      on.client.query(`INSERT INTO ${table} (name) SELECT unnest($1::text[])`, [texts])
    const source = () =>
      postgresTableSource<Row & Record<string, unknown>>({ connection: on.postgres.url, table, key: 'id' })
    const directory = await recorded(source(), send)
    await send(['later'])
    expect(await replayed(directory, source(), 2000)).toEqual([['same', ones('d', 'e', 'f')]])
    expect(await replayed(directory, source(), 1000)).toEqual([['same', ones('a', 'b', 'c')]])
  })
})
