import { readdirSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { EngineEvents, StreamingOptions } from 'millrace'
import type { CheckpointFolder } from '#build/engine/checkpoint/folder.js'
import type { LogDamage } from '#build/engine/write-ahead-log/log-damage.js'
import { readBody, readLog } from '#build/engine/write-ahead-log/log-reader.js'
import { checkWriteAheadLog, type WriteAheadLogOptions } from '#build/engine/write-ahead-log/options.js'
import { WriteAheadLog, type WriteAheadLogParts } from '#build/engine/write-ahead-log/write-ahead-log.js'
import type { scratch } from '../checkpoint/support.js'

/** A log at a time that the test sets. */
export function logAt(
  folder: CheckpointFolder,
  options: WriteAheadLogOptions = {},
  parts: Partial<WriteAheadLogParts> = {},
) {
  const time = { now: 1000 }
  const clock = { now: () => time.now }
  const checked = checkWriteAheadLog(options)!
  const all = { ...checked, folder, term: 1, clock, owner: { check: async () => {} }, ...parts }
  const log = new WriteAheadLog(all)
  const write = (text: string) => log.write({ kind: 'text' }, bodyOf(text)).done
  return { log, clock: time, write }
}

export function bodyOf(text: string) {
  const bytes = Buffer.from(text)
  return { bytes, crc: crc32(bytes) }
}

/** Returns the bodies of all readable records, and the skipped parts. */
export async function contentOf(folder: CheckpointFolder) {
  const damage: LogDamage[] = []
  const texts: string[] = []
  for await (const { body } of readLog(folder, (found) => damage.push(found)))
    texts.push((await readBody(folder, body)).toString())
  return { texts, damage }
}

export const logNames = (at: string) => readdirSync(at).filter((name) => name.startsWith('log-'))

/** A context with a push stream in a log, what its batches had, and its events. */
export function inLog(
  manual: ReturnType<typeof scratch>['manual'],
  at: string,
  from: number,
  options: Partial<StreamingOptions> = {},
) {
  const checkpointDir = at
  const of = manual(from, { checkpointDir, checkpointInterval: '1h', writeAheadLog: true, parallelism: 1, ...options })
  const words = of.ssc.pushStream<string>('words')
  const batches: [number, string[]][] = []
  words.foreachRDD(async (rdd, time) => void batches.push([time, await rdd.collect()]), { inMemory: true })
  const recovered: EngineEvents['recovered'][] = []
  of.ssc.on('recovered', (event) => recovered.push(event))
  return { ...of, at, words, batches, recovered }
}
