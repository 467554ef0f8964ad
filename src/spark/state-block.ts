import { packBlock, unpackBlock } from './block-wire.js'

/** Keys of the blocks that a version of state consists of. */
export const KEYS = -2
export const SNAPSHOT = -3

/** A block of a chain of snapshots. No other block of an application has its name, which ends with the time of its version: see `nameOf`. */
export interface StateBlock {
  /** Whether it replaces those of its kind before it, instead of continuing them. */
  readonly full: boolean
  readonly name: string
  readonly count: number
  readonly codec: 'records' | 'shuffle'
  readonly payload: Buffer
}

/** Returns the name of a block of the version at `time`, which only it has among those of `owner`. */
export function nameOf(owner: string, block: number, time: string): string {
  return `${owner}${block}@${time}`
}

/** Returns the time of the version that wrote a block. */
export function timeOf({ name }: Pick<StateBlock, 'name'>): number {
  return Number(name.slice(name.lastIndexOf('@') + 1))
}

/** Packs a block whose payload begins with u8 full, u16 length of the name, name: the executor reads them. */
export function packStateBlock(map: number, { full, name, count, codec, payload }: StateBlock): readonly Buffer[] {
  const head = Buffer.alloc(3 + name.length)
  head[0] = full ? 1 : 0
  head.writeUInt16BE(name.length, 1)
  head.write(name, 3, 'latin1')
  const [first] = packBlock({ map, count, codec, payload })
  return [first, head, payload]
}

export function unpackStateBlock(bytes: Buffer): StateBlock {
  const { count, codec, payload: all } = unpackBlock(bytes)
  const end = 3 + all.readUInt16BE(1)
  return {
    full: all[0] === 1,
    name: all.toString('latin1', 3, end),
    count,
    codec: codec as StateBlock['codec'],
    payload: all.subarray(end),
  }
}

/** Unpacks the answer of the executor for one chain: i32 key, i32 length, block, for each of its blocks. */
export function unpackChain(bytes: Buffer): { readonly key: number; readonly block: StateBlock }[] {
  const blocks = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 8 + bytes.readInt32BE(at + 4)
    blocks.push({ key: bytes.readInt32BE(at), block: unpackStateBlock(bytes.subarray(at + 8, end)) })
    at = end
  }
  return blocks
}
