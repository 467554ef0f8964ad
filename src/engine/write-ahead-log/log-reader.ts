import { crc32 } from 'node:zlib'
import { messageOf } from '../../values/message-of.js'
import type { CheckpointFolder } from '../checkpoint/folder.js'
import { type LogFileName, parseLogName } from '../checkpoint/names.js'
import { ByteSource } from './byte-source.js'
import { decodeFrame, decodeHead, FRAME_BYTES } from './frame.js'
import type { LogDamage } from './log-damage.js'

/** Where the body of a record is. */
export interface LogPosition {
  readonly file: string
  readonly offset: number
  readonly length: number
  readonly crc: number
}

/** A whole record of a log. Its body is read by its position. */
export interface LogRecord {
  readonly head: object
  readonly file: LogFileName
  readonly body: LogPosition
}

/** Returns the log files of a directory in the order in which they were written. */
export async function logFiles(folder: CheckpointFolder): Promise<LogFileName[]> {
  const files = (await folder.names()).map(parseLogName).filter((file) => file !== undefined)
  return files.sort((a, b) => a.term - b.term || a.serial - b.serial)
}

/**
 * Yields the whole records of a log in the order in which they were written. A record that a crash cut short ends its file. Calls
 * `onDamage` for everything that is skipped.
 */
export async function* readLog(
  folder: CheckpointFolder,
  onDamage: (damage: LogDamage) => void = () => {},
): AsyncGenerator<LogRecord> {
  for (const file of await logFiles(folder)) {
    let records = 0
    const damaged = (offset: number, message: string) => onDamage({ file: file.name, records, offset, message })
    const source = new ByteSource(folder.readPart(file.name))
    try {
      for await (const record of recordsOf(source, file, damaged)) {
        records++
        yield record
      }
    } catch (error) {
      damaged(source.position, `it cannot be read (${messageOf(error)})`)
    } finally {
      await source.close().catch(() => undefined)
    }
  }
}

/** Reads the body of a record. Rejects if its bytes are not those that were written. */
export async function readBody(folder: CheckpointFolder, { file, offset, length, crc }: LogPosition): Promise<Buffer> {
  const source = new ByteSource(folder.readPart(file, { start: offset, end: offset + length }))
  const bytes = await source.take(length)
  await source.close()
  if (bytes.length === length && crc32(bytes) === crc) return bytes
  throw new Error(`${folder.pathOf(file)} has other bytes from ${offset} on than were written`)
}

async function* recordsOf(
  source: ByteSource,
  file: LogFileName,
  damaged: (offset: number, message: string) => void,
): AsyncGenerator<LogRecord> {
  for (;;) {
    const start = source.position
    const encoded = await source.take(FRAME_BYTES)
    if (encoded.length === 0) return
    const frame = encoded.length === FRAME_BYTES ? decodeFrame(encoded) : undefined
    const head = frame && decodeHead(encoded, await source.take(frame.headLength))
    if (!frame || typeof head !== 'object' || head === null) return damaged(start, 'no whole record follows')
    const { bodyLength: length, bodyCrc: crc } = frame
    const offset = source.position
    const body = await source.pass(length)
    if (body.length < length) return damaged(start, 'its last record is cut short')
    if (body.crc === crc) yield { head, file, body: { file: file.name, offset, length, crc } }
    else damaged(start, `the record of ${length} bytes there has other bytes than were written`)
  }
}
