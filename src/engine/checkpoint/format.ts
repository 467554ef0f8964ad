import { crc32 } from 'node:zlib'
import type { BlockCodec } from '../../pool/blocks/handle.js'
import { checkCheckpoint } from './schema.js'

/** Where the bytes of a block are: a range of a data file in the checkpoint directory. */
export interface SavedBlock {
  readonly file: string
  readonly offset: number
  readonly length: number
  /** CRC-32 of the bytes, as computed when the block was written. */
  readonly crc: number
  readonly codec: BlockCodec
  readonly count: number
}

/** A dataset of a past batch that later batches read. */
export interface SavedRdd {
  readonly stream: number
  readonly time: number
  /** Its partitions; null where the stream had no dataset, which is not an empty one. */
  readonly partitions: readonly SavedBlock[] | null
  /** Placed by the hash of keys. */
  readonly hashed: boolean
}

/** One partition of kept state at a version: snapshots and keys, from the last that stand alone on. */
export interface SavedState {
  readonly operator: number
  readonly partition: number
  readonly version: number
  readonly snapshots: readonly {
    readonly time: number
    readonly full: boolean
    readonly name?: string
    readonly after?: string
    readonly block: SavedBlock
  }[]
  readonly keys: readonly { readonly time: number; readonly full: boolean; readonly block: SavedBlock }[]
}

/** What a process needs to go on after the batch at `time`, besides the graph, which its program builds again. */
export interface Checkpoint {
  /** The batch that was complete. */
  readonly time: number
  readonly zeroTime: number
  /** The process stopped after it, when all that its receivers had got was processed. */
  readonly ended: boolean
  /** A line a node of the graph: see StreamBuilder.shape. */
  readonly graph: readonly string[]
  /** What streams know of the batches so far, by their numbers. */
  readonly progress: readonly { readonly stream: number; readonly value: unknown }[]
  /** Where sources that can be asked again were after the batch, by the numbers of their streams. */
  readonly positions: readonly { readonly stream: number; readonly value: unknown }[]
  readonly states: readonly SavedState[]
  readonly rdds: readonly SavedRdd[]
}

/** First line: magic with the version of the format, and the CRC-32 of the rest, in hex. The rest is JSON. */
const MAGIC = 'millrace-checkpoint-1'

export function encodeCheckpoint(checkpoint: Checkpoint): Buffer {
  const body = Buffer.from(`${JSON.stringify(checkpoint)}\n`)
  return Buffer.concat([Buffer.from(`${MAGIC} ${crc32(body).toString(16).padStart(8, '0')}\n`), body])
}

/** Throws an Error that says what is wrong with the bytes, or with a field: a checksum does not make a value sensible. */
export function decodeCheckpoint(bytes: Buffer): Checkpoint {
  const end = bytes.indexOf('\n')
  const [magic, crc] = bytes.subarray(0, Math.max(0, end)).toString('latin1').split(' ')
  if (magic !== MAGIC) throw new Error('it is no checkpoint of this version')
  const body = bytes.subarray(end + 1)
  if (crc32(body) !== Number.parseInt(crc ?? '', 16)) throw new Error('its checksum does not fit its bytes')
  return checkCheckpoint(JSON.parse(body.toString()))
}

/** Every block that a checkpoint refers to. */
export function blocksOf({ states, rdds }: Checkpoint): SavedBlock[] {
  return [
    ...states.flatMap(({ snapshots, keys }) => [...keys, ...snapshots].map(({ block }) => block)),
    ...rdds.flatMap(({ partitions }) => partitions ?? []),
  ]
}

/** The same checkpoint with other places of its blocks. */
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
