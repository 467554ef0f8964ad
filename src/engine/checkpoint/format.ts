import { crc32 } from 'node:zlib'
import { CheckpointError } from '../../errors.js'
import type { Checkpoint, SavedBlock } from './checkpoint.js'
import { checkCheckpoint } from './schema.js'

/** The files that start with a checksum: a checkpoint, or the record of a batch. */
export type Sealed = 'checkpoint' | 'record'

/** The version of the formats. A change that earlier versions of the package cannot read raises it. */
const VERSION = '2'

/** The most levels of a checkpoint: its own, and those of the positions and the progress of sources. */
const DEEPEST = 100

const FIRST_LINE = /^millrace-(checkpoint|record) (\d{1,9}) ([0-9a-f]{8})$/

/**
 * Returns the bytes of a file. Its first line is `millrace-<kind> <version> <CRC-32 of version and rest, in hex>`, in every
 * version. The rest is text.
 */
export function sealed(kind: Sealed, text: string): Buffer {
  const body = Buffer.from(`${text}\n`)
  return Buffer.concat([Buffer.from(`millrace-${kind} ${VERSION} ${checksum(VERSION, body)}\n`), body])
}

/**
 * Returns the text of a sealed file. Throws an Error if it is of another kind, or any of its bytes has changed.
 *
 * @throws CheckpointError for intact bytes of another version, which must not count as damaged: an older checkpoint in its
 *   place would repeat work.
 */
export function unsealed(kind: Sealed, bytes: Buffer, path: string): string {
  const end = bytes.indexOf('\n')
  const line = FIRST_LINE.exec(bytes.subarray(0, Math.max(0, end)).toString('latin1'))
  if (line?.[1] !== kind) throw new Error(`it is not a ${kind}`)
  const [, , version, crc] = line
  const body = bytes.subarray(end + 1)
  if (checksum(version!, body) !== crc) throw new Error('its checksum does not match its bytes')
  if (version !== VERSION) throw otherVersion(path, version!)
  return body.toString()
}

export function encodeCheckpoint(checkpoint: Checkpoint): Buffer {
  return sealed('checkpoint', JSON.stringify(checkpoint))
}

/**
 * Decodes a checkpoint. Throws an Error that names a fault of the bytes or of a field: a correct checksum does not make
 * a value valid.
 *
 * @throws CheckpointError for another version: see unsealed.
 */
export function decodeCheckpoint(bytes: Buffer, path: string): Checkpoint {
  const value: unknown = JSON.parse(unsealed('checkpoint', bytes, path))
  if (!isWithin(value, DEEPEST)) throw new Error(`it is nested deeper than ${DEEPEST} levels`)
  return checkCheckpoint(value)
}

/** Whether no part of the value is nested deeper: code that walks through a value uses the stack. */
function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((part) => isWithin(part, levels - 1))
}

function checksum(version: string, body: Buffer): string {
  return crc32(body, crc32(version)).toString(16).padStart(8, '0')
}

function otherVersion(path: string, version: string): CheckpointError {
  return new CheckpointError(
    `${path} has version ${version} of the checkpoint format; this version of the package reads ${VERSION}. Start with the version of the package that wrote it, or use another directory to start from the beginning.`,
    { path, version },
  )
}

/** Returns every block that a checkpoint refers to. */
export function blocksOf({ states, rdds }: Checkpoint): SavedBlock[] {
  return [
    ...states.flatMap(({ snapshots, keys }) => [...keys, ...snapshots].map(({ block }) => block)),
    ...rdds.flatMap(({ partitions }) => partitions ?? []),
  ]
}

/** Returns the checkpoint with each of its blocks replaced by the result of `map`. */
export function mapBlocks(checkpoint: Checkpoint, map: (block: SavedBlock) => SavedBlock): Checkpoint {
  const mapped = <T extends { readonly block: SavedBlock }>(rows: readonly T[]) =>
    rows.map((row) => ({ ...row, block: map(row.block) }))
  return {
    ...checkpoint,
    states: checkpoint.states.map((state) => ({
      ...state,
      snapshots: mapped(state.snapshots),
      keys: mapped(state.keys),
    })),
    rdds: checkpoint.rdds.map((rdd) => ({ ...rdd, partitions: rdd.partitions?.map(map) ?? null })),
  }
}
